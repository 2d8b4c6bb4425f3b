"""Each typical mistake is noticed by the task that it belongs to, with a message that names what decided."""

from __future__ import annotations

import pytest

from azlabs.verify import Report

from .bench import Shop
from .slips import SLIPS, Slip


def done(report: Report) -> set[str]:
    return {task.id for task in report.tasks if task.done}


def test_the_start_scores_nothing_and_the_reference_everything(shop: Shop) -> None:
    assert shop.at("start").verify().score == 0
    report = shop.at("reference").verify()
    assert report.score == 1000
    assert all(check.status == "pass" for check in report.checks)


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_a_mistake_is_noticed(shop: Shop, slip: Slip) -> None:
    shop.at(slip.base)
    slip.make(shop)
    report = shop.verify()
    assert not done(report) & set(slip.tasks)
    assert report.score < 1000
    assert not [check for check in report.checks if check.status == "error"]
    for task in slip.tasks:
        failed = [check for check in report.checks if check.status == "fail" and check.task in (task, "*")]
        assert failed
        assert all(check.found and check.fix for check in failed)


@pytest.mark.parametrize(
    ("name", "check", "words"),
    [
        (
            "a deny for the internet before the allow",
            "customers_and_probes_get_in",
            "rule no-internet (100) of nsg-flat",
        ),
        ("the supplier's rule under another name", "the_internet_gets_https_only", "rule partners (310) of nsg-flat"),
        (
            "the inside left open on the web subnet",
            "the_inside_gets_https_and_ssh_only",
            "default rule AllowVnetInBound",
        ),
        ("1433 from the whole network", "sql_is_for_the_application_group", "rule app-to-sql (100) of nsg-data"),
        ("the office as its provider's whole block", "only_the_office_gets_in", "rule office-ssh (100) of nsg-mgmt"),
        ("storage of every region", "storage_means_https_in_this_region", "rule storage-out (100) of nsg-data"),
        ("only the internet denied", "the_data_machines_open_nothing_else", "default rule AllowVnetOutBound"),
        ("a route to nowhere instead of rules", "the_data_machines_reach_storage", "route nowhere of rt-data"),
        (
            "quarantine left, an allow added to the subnet's group",
            "the_twins_are_treated_alike",
            "rule quarantine (100)",
        ),
    ],
)
def test_the_message_names_the_rule_or_route_that_decides(shop: Shop, name: str, check: str, words: str) -> None:
    slip = next(slip for slip in SLIPS if slip.name == name)
    shop.at(slip.base)
    slip.make(shop)
    (found,) = [result for result in shop.verify().checks if result.id == check]
    assert found.status == "fail"
    assert words in found.decided_by


def test_a_machine_that_was_made_again_fails_every_task(shop: Shop) -> None:
    shop.at("reference")
    body = shop.cloud.get(shop.id("networkInterfaces", "nic-web-01"), "2024-05-01")
    shop.cloud.run("DELETE", body["id"], "2024-05-01")
    assert shop.verify().score == 0
    shop.cloud.run("PUT", body["id"], "2024-05-01", {"location": body["location"], "properties": body["properties"]})
    assert shop.verify().score == 0
