"""Microsoft.Consumption: budgets, and the usage of a subscription that never paid for anything: none."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from azlabs.simulator.providers.insights.base import each
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint, NameRule, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

GRAINS = ("Monthly", "Quarterly", "Annually", "BillingMonth", "BillingQuarter", "BillingAnnual")
FILTER_SINCE = "2019-10-01"
MOST_NOTIFICATIONS, MOST_MAILS = 5, 50
OPERATORS = ("EqualTo", "GreaterThan", "GreaterThanOrEqualTo")


class Budgets(ResourceType):
    """An amount for a time, and who is told when it is nearly spent."""

    type = "Microsoft.Consumption/budgets"
    scopes = ("subscription", "resourceGroup", "managementGroup")
    state = None
    located = tagged = False
    name_rule = NameRule(r"[A-Za-z0-9_-]{1,63}", "400", "The budget name '{name}' is invalid.")
    members = frozenset({"eTag"})
    defaults = {"properties": {"category": "Cost", "notifications": {}}}
    required = ("properties.amount", "properties.timeGrain", "properties.timePeriod.startDate")
    required_code = ("400", "The property '{path}' of the budget is required.")
    choices = {"properties.timeGrain": GRAINS, "properties.category": ("Cost", "Usage")}
    choices_code = ("400", "The value '{value}' of '{path}' is not one of {allowed}.")
    read_only = ("properties.currentSpend", "properties.forecastSpend")
    creates = Announce(201)
    updates = Announce(200)

    def fill(self, write: Write) -> None:
        """Dates in one form, filters in the form of the version, a new etag."""
        mine = write.body["properties"]
        write.body["eTag"] = f'"{format(int(write.now * 1e7) + 621355968000000000, "x")}"'
        period = mine["timePeriod"]
        for member in ("startDate", "endDate"):
            if member in period:
                period[member] = _moment(write, period[member]).strftime("%Y-%m-%dT%H:%M:%SZ")
        if "endDate" not in period:
            start = _moment(write, period["startDate"])
            period["endDate"] = start.replace(year=start.year + 10).strftime("%Y-%m-%dT%H:%M:%SZ")
        if write.api_version >= FILTER_SINCE:
            mine.setdefault("filter", {})
        else:
            mine["filters"] = {"resourceGroups": [], "resources": [], "meters": []} | (mine.get("filters") or {})

    def validate(self, write: Write) -> None:
        """A positive amount, from the first of a month, with notices that can be sent."""
        mine = write.body["properties"]
        amount = mine["amount"]
        if isinstance(amount, bool) or not isinstance(amount, int | float) or amount <= 0:
            write.refuse("400", "The amount of a budget has to be greater than 0.")
        start, end = (_moment(write, mine["timePeriod"][name]) for name in ("startDate", "endDate"))
        if start.day != 1:
            write.refuse("400", "The start date of a budget has to be the first day of a month.")
        if end <= start:
            write.refuse("400", "The end date of a budget has to be after its start date.")
        notices = mine["notifications"]
        if len(notices) > MOST_NOTIFICATIONS:
            write.refuse("400", f"A budget can have at most {MOST_NOTIFICATIONS} notifications.")
        for name, notice in notices.items():
            _check_notice(write, name, each([notice])[0])

    def shown(self, body: Body, reader: Reader) -> Body:
        """Nothing was spent, which is worked out only after a write."""
        writing = getattr(reader, "method", "GET") == "PUT"
        body["properties"]["currentSpend"] = None if writing else {"amount": 0.0, "unit": "USD"}
        if reader.api_version == FILTER_SINCE:
            body["properties"]["currencySetting"] = "None"
        return body


def _moment(write: Write, text: object) -> datetime:
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(text)))
    except ValueError:
        write.refuse("400", f"'{text}' is not a date.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _check_notice(write: Write, name: str, notice: Body) -> None:
    threshold = notice.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1000:
        write.refuse("400", f"The threshold of the notification '{name}' has to be between 0 and 1000 percent.")
    if notice.get("operator") not in OPERATORS:
        write.refuse("400", f"The operator of the notification '{name}' has to be one of {', '.join(OPERATORS)}.")
    mails = notice.get("contactEmails") or []
    if not mails and not notice.get("contactGroups") and not notice.get("contactRoles"):
        write.refuse(
            "400", f"The notification '{name}' needs somebody to tell: e-mail addresses, roles or action groups."
        )
    if len(mails) > MOST_MAILS:
        write.refuse("400", f"A notification can have at most {MOST_MAILS} e-mail addresses.")


def nothing(_call: Call) -> Body:
    """As Azure answers for a subscription without a bill. Price sheets, which every subscription has, are not modelled."""
    return {"value": []}


ENDPOINTS = [
    Endpoint("GET", f"/subscriptions/{{subscription}}/providers/{period}Microsoft.Consumption/{kind}", nothing)
    for kind in ("usageDetails", "marketplaces")
    for period in ("", "Microsoft.Billing/billingPeriods/{period}/providers/")
]
