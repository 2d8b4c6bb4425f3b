"""Get and Set Service Properties: what the control plane calls blobServices and queueServices, as XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.storage.asking import element, parse_xml, xml_answer
from azlabs.simulator.http import Answer, dumps
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.storage.asking import Asking
    from azlabs.simulator.records import Resource

Body = dict[str, Any]
LOGGING = {
    "Version": "1.0",
    "Read": "false",
    "Write": "false",
    "Delete": "false",
    "RetentionPolicy": {"Enabled": "false"},
}
METRICS = {"Version": "1.0", "Enabled": "false", "RetentionPolicy": {"Enabled": "false"}}
HOURS = {
    "Version": "1.0",
    "Enabled": "true",
    "IncludeAPIs": "true",
    "RetentionPolicy": {"Enabled": "true", "Days": "7"},
}
SECTIONS = {"Logging": LOGGING, "HourMetrics": HOURS, "MinuteMetrics": METRICS}
_CORS = (
    ("AllowedOrigins", "allowedOrigins"), ("AllowedMethods", "allowedMethods"), ("AllowedHeaders", "allowedHeaders"),
    ("ExposedHeaders", "exposedHeaders"),
)  # fmt: skip


def _row(asking: Asking) -> Resource:
    row = asking.store.get(f"{asking.account.key}/{asking.service}services/default")
    if row is None:
        raise Refused(404, "ResourceNotFound", "The specified resource does not exist.")
    return row


def _section(name: str, values: Body) -> str:
    inner = "".join(
        _section(key, value) if isinstance(value, dict) else element(key, value) for key, value in values.items()
    )
    return f"<{name}>{inner}</{name}>"


def get(asking: Asking) -> Answer:
    """Logging, metrics, cross-origin rules; for blobs retention and the static website too."""
    row = _row(asking)
    mine, kept = row.body["properties"], row.hidden.get("service") or {}
    text = "".join(_section(name, kept.get(name) or default) for name, default in SECTIONS.items())
    rules = ""
    for rule in (mine.get("cors") or {}).get("corsRules") or []:
        parts = "".join(element(word, ",".join(rule.get(name) or [])) for word, name in _CORS)
        rules += f"<CorsRule>{parts}{element('MaxAgeInSeconds', rule.get('maxAgeInSeconds', 0))}</CorsRule>"
    text += f"<Cors>{rules}</Cors>"
    if asking.service == "blob":
        if mine.get("defaultServiceVersion"):
            text += element("DefaultServiceVersion", mine["defaultServiceVersion"])
        policy = mine.get("deleteRetentionPolicy") or {}
        days = element("Days", policy.get("days")) if policy.get("enabled") else ""
        allow = element("AllowPermanentDelete", bool(policy.get("allowPermanentDelete")))
        text += f"<DeleteRetentionPolicy>{element('Enabled', bool(policy.get('enabled')))}{days}{allow}</DeleteRetentionPolicy>"
        text += _section("StaticWebsite", kept.get("StaticWebsite") or {"Enabled": "false"})
    return xml_answer(f"<StorageServiceProperties>{text}</StorageServiceProperties>")


def _tree(node: Any) -> Body:
    return {child.tag: _tree(child) if len(child) else (child.text or "").strip() for child in node}


def put(asking: Asking) -> Answer:
    """Sections that are not sent stay as they are."""
    root = parse_xml(bytes(asking.body))
    row = _row(asking)
    hidden, document = row.hidden, row.copy()
    mine = document["properties"]
    kept = hidden.setdefault("service", {})
    for node in root:
        if node.tag in SECTIONS or node.tag == "StaticWebsite":
            kept[node.tag] = _tree(node)
        elif node.tag == "Cors":
            mine["cors"] = {"corsRules": [_rule(rule) for rule in node]}
            if len(mine["cors"]["corsRules"]) > 5:
                raise Refused(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
        elif node.tag == "DefaultServiceVersion":
            mine["defaultServiceVersion"] = (node.text or "").strip()
        elif node.tag == "DeleteRetentionPolicy":
            mine["deleteRetentionPolicy"] = _retention(node)
        else:
            raise Refused(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
    with asking.store.writing():
        row.hidden_text, row.body = dumps(hidden), document
        asking.store.update(row)
    return Answer(202)


def _retention(node: Any) -> Body:
    enabled = (node.findtext("Enabled") or "").strip().lower() == "true"
    days = (node.findtext("Days") or "").strip()
    found: Body = {
        "allowPermanentDelete": (node.findtext("AllowPermanentDelete") or "").strip().lower() == "true",
        "enabled": enabled,
    }
    if enabled:
        if not days.isdecimal() or not 1 <= int(days) <= 365:
            raise Refused(
                400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format."
            )
        found["days"] = int(days)
    return found


def _rule(node: Any) -> Body:
    rule: Body = {name: [one for one in (node.findtext(word) or "").split(",") if one] for word, name in _CORS}
    age = (node.findtext("MaxAgeInSeconds") or "0").strip()
    if not rule["allowedOrigins"] or not rule["allowedMethods"] or not age.isdecimal():
        raise Refused(400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format.")
    return {**rule, "maxAgeInSeconds": int(age)}


def stats(asking: Asking) -> Answer:
    """Get Service Stats, from the secondary host of accounts that can be read there."""
    if not asking.secondary:
        raise Refused(
            400,
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid.",
        )
    from azlabs.simulator.data_planes.storage.asking import http_date

    inner = element("Status", "live") + element("LastSyncTime", http_date(asking.now))
    return xml_answer(f"<StorageServiceStats><GeoReplication>{inner}</GeoReplication></StorageServiceStats>")


def account_information(asking: Asking) -> Answer:
    """Get Account Information: SKU and kind."""
    body = asking.account.body
    hns = "true" if body["properties"].get("isHnsEnabled") else "false"
    return Answer(
        200, {"x-ms-sku-name": body["sku"]["name"], "x-ms-account-kind": body["kind"], "x-ms-is-hns-enabled": hns}
    )


def user_delegation_key(asking: Asking) -> Answer:
    """A key that signs for the principal who asks, for seven days at most."""
    import base64

    from azlabs.simulator.data_planes.storage.sas import moment, user_key

    grant = asking.grant
    if grant is None or grant.principal is None:
        raise Refused(403, "AuthenticationFailed", "Only OAuth is supported for this operation.")
    root = parse_xml(bytes(asking.body))
    start, end = (root.findtext("Start") or "").strip(), (root.findtext("Expiry") or "").strip()
    try:
        good = (
            moment(end) > asking.now
            and moment(end) - asking.now <= 7 * 86400 + 900
            and (not start or moment(start) < moment(end))
        )
    except ValueError:
        good = False
    if not good:
        raise Refused(400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format.")
    fields = {
        "skoid": grant.principal.object_id, "sktid": grant.principal.tenant_id, "skt": start, "ske": end, "sks": asking.service[0],
        "skv": asking.version,
    }  # fmt: skip
    key = base64.b64encode(user_key(asking, fields)).decode()
    words = {
        "SignedOid": "skoid",
        "SignedTid": "sktid",
        "SignedStart": "skt",
        "SignedExpiry": "ske",
        "SignedService": "sks",
        "SignedVersion": "skv",
    }
    text = "".join(element(word, fields[name]) for word, name in words.items()) + element("Value", key)
    return xml_answer(f"<UserDelegationKey>{text}</UserDelegationKey>")
