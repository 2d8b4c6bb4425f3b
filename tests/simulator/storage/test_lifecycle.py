"""Lifecycle rules at work: what blobs become after days of the simulator's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator import SUBSCRIPTION_ID

if TYPE_CHECKING:
    from tests.simulator.storage.conftest import Storage

ACCOUNT = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/lab/providers/Microsoft.Storage/storageAccounts/labstore"

DAY = 86400
Body = dict[str, Any]


def rule(base: Body | None = None, **more: Any) -> Body:
    actions: Body = {"baseBlob": base} if base else {}
    filters = {"blobTypes": ["blockBlob"], **more.pop("filters", {})}
    return {
        "name": "ages",
        "enabled": True,
        "type": "Lifecycle",
        "definition": {"filters": filters, "actions": {**actions, **more.pop("actions", {})}},
        **more,
    }


def after(days: float) -> Body:
    return {"daysAfterModificationGreaterThan": days}


def put_rules(storage: Storage, *rules: Body) -> None:
    body = {"properties": {"policy": {"rules": list(rules)}}}
    answer = storage.arm("PUT", f"{ACCOUNT}/managementPolicies/default", body)
    assert answer.status == 200, answer.body


def fill(storage: Storage, *names: str, container: str = "logs") -> None:
    storage.blob("PUT", f"/{container}?restype=container")
    for name in names:
        made = storage.blob("PUT", f"/{container}/{name}", b"line", x_ms_blob_type="BlockBlob")
        assert made.status == 201, made.body


def wait(storage: Storage, days: float) -> None:
    storage.simulator.clock.advance(days * DAY)
    storage.token = storage.simulator.owner_token()


def tier(storage: Storage, path: str) -> str:
    answer = storage.blob("HEAD", path)
    return answer.headers["x-ms-access-tier"] if answer.status == 200 else str(answer.status)


def test_blobs_get_cooler_with_age_and_go(storage: Storage) -> None:
    fill(storage, "a")
    put_rules(storage, rule({"tierToCool": after(30), "tierToArchive": after(90), "delete": after(365)}))
    found = [tier(storage, "/logs/a")]
    for days in (29, 2, 60, 275):
        wait(storage, days)
        found.append(tier(storage, "/logs/a"))
    assert found == ["Hot", "Hot", "Cool", "Archive", "404"]


def test_the_first_run_comes_a_day_after_the_policy(storage: Storage) -> None:
    fill(storage, "a")
    wait(storage, 40)
    put_rules(storage, rule({"tierToCool": after(30)}))
    assert tier(storage, "/logs/a") == "Hot"
    wait(storage, 0.5)
    assert tier(storage, "/logs/a") == "Hot"
    wait(storage, 0.6)
    assert tier(storage, "/logs/a") == "Cool"


def test_filters_and_disabled_rules_leave_blobs_alone(storage: Storage) -> None:
    fill(storage, "old/a", "new/a", "tagged")
    storage.blob("PUT", "/logs/tagged", b"x", x_ms_blob_type="BlockBlob", x_ms_tags="state=done")
    fill(storage, "old/a", container="other")
    match = {"blobIndexMatch": [{"name": "state", "op": "==", "value": "done"}]}
    put_rules(
        storage,
        rule({"delete": after(1)}, filters={"prefixMatch": ["logs/old"]}, name="old"),
        rule({"delete": after(1)}, filters=match, name="tags"),
        rule({"delete": after(1)}, name="off", enabled=False),
    )
    wait(storage, 5)
    assert [tier(storage, path) for path in ("/logs/old/a", "/logs/new/a", "/logs/tagged", "/other/old/a")] == [
        "404",
        "Hot",
        "404",
        "Hot",
    ]


def test_a_blob_stays_as_long_as_it_has_snapshots_or_a_lease(storage: Storage) -> None:
    fill(storage, "a", "leased")
    assert storage.blob("PUT", "/logs/a?comp=snapshot").status == 201
    leased = storage.blob("PUT", "/logs/leased?comp=lease", x_ms_lease_action="acquire", x_ms_lease_duration="-1")
    assert leased.status == 201
    put_rules(storage, rule({"delete": after(1)}))
    wait(storage, 5)
    assert (tier(storage, "/logs/a"), tier(storage, "/logs/leased")) == ("Hot", "Hot")
    snapshots = {"snapshot": {"delete": {"daysAfterCreationGreaterThan": 1}}}
    put_rules(storage, rule({"delete": after(1)}, actions=snapshots))
    wait(storage, 5)
    assert (tier(storage, "/logs/a"), tier(storage, "/logs/leased")) == ("404", "Hot")


def test_what_rules_delete_can_come_back_where_the_account_keeps_it(storage: Storage) -> None:
    storage.service(deleteRetentionPolicy={"enabled": True, "days": 7})
    fill(storage, "a")
    put_rules(storage, rule({"delete": after(1)}))
    wait(storage, 2)
    assert tier(storage, "/logs/a") == "404"
    assert storage.blob("PUT", "/logs/a?comp=undelete").status == 200


def test_a_read_keeps_a_blob_warm_where_the_account_notes_reads(storage: Storage) -> None:
    storage.service(lastAccessTimeTrackingPolicy={"enable": True})
    fill(storage, "read", "unread")
    unread = {"daysAfterLastAccessTimeGreaterThan": 30}
    put_rules(storage, rule({"tierToCool": unread, "enableAutoTierToHotFromCool": True}))
    wait(storage, 25)
    assert storage.blob("GET", "/logs/read").status == 200
    wait(storage, 10)
    assert (tier(storage, "/logs/read"), tier(storage, "/logs/unread")) == ("Hot", "Cool")
    assert storage.blob("GET", "/logs/unread").status == 200
    assert tier(storage, "/logs/unread") == "Hot"
