"""A subscription full of look-alikes stays as it is: same names, tags copied by hand, records, budgets, deleted vaults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azlabs.catalog.labs import Lab
from azlabs.cloud import deployments
from azlabs.cloud.memory import ScratchCloud
from azlabs.sandbox import directory, ownership, reap, tags
from azlabs.sandbox.down import down
from azlabs.sandbox.down_plan import plan_down
from azlabs.sandbox.ledger import Ledger
from azlabs.sandbox.model import Sandbox
from azlabs.sandbox.recover import marked, recover
from azlabs.sandbox.up import up

API = "2024-11-01"
NETWORK_API = "2024-05-01"
VAULT_API = "2023-07-01"
ROLES_API = "2022-04-01"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
Make = Callable[..., Sandbox]


def scope(cloud: ScratchCloud) -> str:
    return f"/subscriptions/{cloud.subscription_id}"


def put_group(cloud: ScratchCloud, name: str, marks: dict[str, str]) -> str:
    identifier = f"{scope(cloud)}/resourceGroups/{name}"
    cloud.request("PUT", identifier, API, {"location": "swedencentral", "tags": marks})
    return identifier


def names_like(box: Sandbox) -> list[str]:
    own = box.resource_group
    return [f"{own}-2", f"{own}x", own[:-1], f"x{own}", "azlabs", "azlabs-", box.id, box.lab, "production", f"rg-{own}"]


def surround(cloud: ScratchCloud, box: Sandbox) -> None:
    """Everything that looks like the sandbox's and is somebody else's."""
    own_tags = tags.tags_of(cloud.get(box.group_id(box.resource_group), API))
    record = deployments.deployment_id(cloud, box.resource_group, f"azlabs-{box.id}-start")
    record_tags = tags.tags_of(cloud.get(record, deployments.API_VERSION))
    template = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "resources": [],
    }
    empty = {"properties": {"mode": "Incremental", "template": template}, "tags": {**own_tags, **record_tags}}
    for name in names_like(box):
        group = put_group(cloud, name, own_tags)
        network = {"properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}}
        cloud.run(
            "PUT",
            f"{group}/providers/Microsoft.Network/virtualNetworks/vnet",
            NETWORK_API,
            {"location": "swedencentral", "tags": own_tags, **network},
        )
        cloud.run("PUT", f"{group}/providers/Microsoft.Resources/deployments/azlabs-{box.id}-start", "2025-04-01", empty)
    group = f"{scope(cloud)}/resourceGroups/production"
    cloud.request(
        "PUT", f"{group}/providers/Microsoft.Authorization/locks/keep", "2020-05-01", {"properties": {"level": "CanNotDelete"}}
    )
    at_subscription = {**empty, "location": "swedencentral"}
    for name in ("release", f"azlabs-{box.id}", f"azlabs-{box.id}-start"):
        cloud.run("PUT", f"{scope(cloud)}/providers/Microsoft.Resources/deployments/{name}", "2025-04-01", at_subscription)
    vault = f"{scope(cloud)}/resourceGroups/{box.resource_group}-2/providers/Microsoft.KeyVault/vaults/kv-look-alike"
    properties = {"tenantId": cloud.tenant_id, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    cloud.run("PUT", vault, VAULT_API, {"location": "swedencentral", "tags": own_tags, "properties": properties})
    cloud.run("DELETE", vault, VAULT_API)
    assignment = f"{scope(cloud)}/providers/Microsoft.Authorization/roleAssignments/99999999-2222-3333-4444-555555555555"
    role = f"{scope(cloud)}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    given_role = {"roleDefinitionId": role, "principalId": "aaaaaaaa-0000-0000-0000-000000000009"}
    cloud.run("PUT", assignment, ROLES_API, {"properties": {**given_role, "principalType": "ServicePrincipal"}})
    budget = {
        "amount": 5,
        "category": "Cost",
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": "2026-11-01T00:00:00Z"},
        "filter": {"dimensions": {"name": "ResourceGroupName", "operator": "In", "values": [f"{box.resource_group}-2"]}},
    }
    cloud.run(
        "PUT",
        f"{scope(cloud)}/providers/Microsoft.Consumption/budgets/azlabs-{box.id}",
        "2023-05-01",
        {"properties": budget},
    )
    application = {"displayName": "look-alike", "tags": [f"azlabs-sandbox:{box.id}", "azlabs-seal:0123"]}
    cloud.graph.send("POST", f"{directory.ROOT}/applications", "", application)


def everything(cloud: ScratchCloud, *, but: str = "") -> dict[str, Any]:
    """All there is in the subscription and the directory, without one group."""
    at = scope(cloud)
    found: dict[str, Any] = {}
    for path, version in (
        ("resourcegroups", API),
        ("resources", "2021-04-01"),
        ("providers/Microsoft.Authorization/locks", "2020-05-01"),
        ("providers/Microsoft.Authorization/roleAssignments", ROLES_API),
        ("providers/Microsoft.Authorization/roleDefinitions?$filter=type%20eq%20'CustomRole'", ROLES_API),
        ("providers/Microsoft.Resources/deployments", "2025-04-01"),
        ("providers/Microsoft.Consumption/budgets", "2023-05-01"),
        ("providers/Microsoft.KeyVault/deletedVaults", VAULT_API),
    ):
        found |= {str(entry["id"]): entry for entry in cloud.items(f"{at}/{path}", version)}
    answer = cloud.graph.send("GET", f"{directory.ROOT}/applications", "").json
    found |= {str(entry["id"]): entry for entry in answer["value"]}
    own = f"{at}/resourceGroups/{but}".lower()
    return {name: body for name, body in found.items() if not f"{name.lower()}/".startswith(f"{own}/")}


@pytest.mark.parametrize("way", ["with the ledger", "without the ledger", "reap"])
def test_down_and_reap_touch_no_look_alike(
    lab: Lab, cloud: ScratchCloud, ledger: Ledger, tmp_path: Path, way: str
) -> None:
    box = up(lab, cloud, ledger=ledger, hours=1).sandbox
    directory.register(box, cloud, "mine", ledger.save)
    surround(cloud, box)
    mine = {identifier.rpartition("/")[2] for identifier in box.outside}
    before = {name: body for name, body in everything(cloud, but=box.resource_group).items() if name not in mine}
    assert len(before) > 25
    if way != "with the ledger":
        ledger = Ledger(tmp_path / "new-home")
    if way == "reap":
        later = datetime.now(UTC) + timedelta(hours=2)
        (found,) = reap.look(cloud, ledger, now=later)
        assert not found.kept
        box = reap.adopt(cloud, ledger, found.sandbox)
    elif way == "without the ledger":
        (box,) = recover(cloud, ledger)
    report = down(plan_down(box, cloud), cloud, ledger=ledger)
    assert report.survivors == []
    assert everything(cloud) == before
    assert ledger.all() == []


def test_a_group_made_again_under_the_name_with_copied_tags_is_nobodys_without_the_ledger(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, tmp_path: Path
) -> None:
    own_tags = tags.tags_of(cloud.get(sandbox.group_id(sandbox.resource_group), API))
    assert not down(plan_down(sandbox, cloud), cloud, ledger=ledger).survivors
    group = put_group(cloud, sandbox.resource_group, own_tags)
    network = {"location": "swedencentral", "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}}
    cloud.run("PUT", f"{group}/providers/Microsoft.Network/virtualNetworks/theirs", NETWORK_API, network)
    fresh = Ledger(tmp_path / "new-home")
    assert recover(cloud, fresh) == []
    assert reap.look(cloud, fresh, now=datetime.now(UTC) + timedelta(days=9)) == []


def test_a_resource_group_that_somebody_else_made_is_refused_although_the_ledger_names_it(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger
) -> None:
    """It was written down before it was made; then the deployment failed, and somebody used the name."""
    theirs = put_group(cloud, "rg-shared", {})
    sandbox.outside.append(theirs)
    ledger.save(sandbox)
    report = down(plan_down(sandbox, cloud), cloud, ledger=ledger)
    (survivor,) = report.survivors
    assert survivor.id.lower() == theirs.lower()
    assert survivor.command == f"azlabs down --sandbox {sandbox.id} --group rg-shared"
    assert cloud.find(theirs, API) is not None
    assert not down(plan_down(ledger.load(sandbox.id), cloud, include=["rg-shared"]), cloud, ledger=ledger).survivors
    assert cloud.find(theirs, API) is None and ledger.all() == []


def test_a_resource_group_that_the_lab_made_besides_its_own_goes_with_what_is_in_it(
    cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, tmp_path: Path
) -> None:
    from azlabs.sandbox.deploy import deploy

    file = tmp_path / "second.json"
    file.write_text(
        '{"$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",'
        '"contentVersion": "1.0.0.0", "resources": [{"type": "Microsoft.Resources/resourceGroups",'
        '"apiVersion": "2024-11-01", "name": "second", "location": "swedencentral"}]}'
    )
    deploy(sandbox, cloud, file, ledger=ledger)
    inside = f"{scope(cloud)}/resourceGroups/second/providers/Microsoft.Network/networkSecurityGroups/n"
    cloud.run("PUT", inside, NETWORK_API, {"location": "swedencentral", "properties": {}})
    report = down(plan_down(ledger.load(sandbox.id), cloud), cloud, ledger=ledger)
    assert not report.survivors and inside in report.deleted
    assert list(cloud.items(f"{scope(cloud)}/resourcegroups", API)) == []


# --- the decision itself

BOX = Sandbox(
    id="lab-abcde",
    lab="lab",
    cloud="simulator",
    subscription_id="00000000-0000-0000-0000-000000000000",
    region="swedencentral",
    resource_groups=["azlabs-lab-abcde"],
    workspace=Path("w"),
    created=datetime(2026, 11, 21, 10, tzinfo=UTC),
    expires=datetime(2026, 11, 21, 14, tzinfo=UTC),
    account="me",
)
OWN = BOX.resource_groups[0]
MARKS = tags.marks(BOX, OWN)
words = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=30)
other_names = words.filter(lambda name: name.lower() != OWN)
NEEDED = (tags.SANDBOX, tags.LAB, tags.CREATED, tags.SEAL)


def test_ledger_and_tags_together_own_a_group() -> None:
    assert ownership.owns_group(BOX, OWN, MARKS, None)
    assert ownership.owns_group(BOX, OWN.upper(), {name.upper(): value for name, value in MARKS.items()}, None)
    assert ownership.owns_group(BOX, OWN, {}, MARKS), "the record speaks when the tags were taken away"
    assert ownership.owns_group(BOX, OWN, {**MARKS, tags.EXPIRES: "tomorrow", "mine": "too"}, None)


def test_a_sandbox_owns_each_of_its_groups() -> None:
    two = Sandbox(**{**vars(BOX), "resource_groups": [OWN, "second"]})
    for name in two.resource_groups:
        assert ownership.owns_group(two, name, tags.marks(two, name), None)


@given(name=other_names)
def test_copied_tags_own_no_other_group(name: str) -> None:
    assert not ownership.owns_group(BOX, name, MARKS, MARKS)
    also = Sandbox(**{**vars(BOX), "resource_groups": [OWN, name]})
    assert not ownership.owns_group(also, name, MARKS, MARKS)
    for is_empty in (True, False):
        assert not ownership.is_sandbox_without_ledger(BOX.subscription_id, name, MARKS, MARKS, is_empty=is_empty)
    assert not ownership.owns_deployment(BOX, name, MARKS)


@given(name=st.sampled_from(NEEDED), value=words, record=st.sampled_from([None, {}]))
def test_a_tag_that_was_changed_owns_nothing(name: str, value: str, record: dict[str, str] | None) -> None:
    changed = {**MARKS, name: value}
    if value != MARKS[name]:
        assert not ownership.owns_group(BOX, OWN, changed, record)
        assert not ownership.is_sandbox_without_ledger(BOX.subscription_id, OWN, changed, MARKS, is_empty=True)
    dropped = {kept: text for kept, text in MARKS.items() if kept != name}
    assert not ownership.owns_group(BOX, OWN, dropped, record)
    assert not ownership.is_sandbox_without_ledger(BOX.subscription_id, OWN, dropped, MARKS, is_empty=True)


def test_the_mark_of_another_sandbox_owns_nothing() -> None:
    other = Sandbox(**{**vars(BOX), "id": "lab-zzzzz"})
    assert not ownership.owns_group(other, OWN, MARKS, None)
    assert not ownership.owns_group(BOX, OWN, tags.marks(other, OWN), MARKS), "the tags of the group come first"
    assert not ownership.owns_group(Sandbox(**{**vars(BOX), "lab": "other"}), OWN, MARKS, None)
    elsewhere = Sandbox(**{**vars(BOX), "subscription_id": "11111111-0000-0000-0000-000000000000"})
    assert not ownership.owns_group(elsewhere, OWN, MARKS, None)
    assert not ownership.owns_deployment(BOX, "d", tags.marks(other, tags.of_deployment("d")))
    assert not ownership.owns_deployment(BOX, OWN, MARKS), "a record that bears the name of the group"
    assert ownership.owns_deployment(BOX, "d", tags.marks(BOX, tags.of_deployment("d")))


def test_tags_alone_need_the_record_or_an_empty_group() -> None:
    def alone(record: dict[str, str] | None, *, is_empty: bool) -> bool:
        return ownership.is_sandbox_without_ledger(BOX.subscription_id, OWN, MARKS, record, is_empty=is_empty)

    assert alone(MARKS, is_empty=False) and alone(None, is_empty=True)
    assert not alone(None, is_empty=False)
    assert not alone({}, is_empty=True) and not alone({}, is_empty=False)
    other = tags.marks(Sandbox(**{**vars(BOX), "id": "lab-zzzzz"}), OWN)
    assert not alone(other, is_empty=True)


def role(kind: str, *scopes: str) -> dict[str, Any]:
    return {"properties": {"type": kind, "assignableScopes": list(scopes)}}


def test_a_role_is_the_sandboxs_when_it_can_be_given_nowhere_else() -> None:
    inside = BOX.group_id(OWN)
    assert ownership.owns_role(BOX, role("CustomRole", inside.upper()), [OWN])
    assert ownership.owns_role(BOX, role("CustomRole", f"{inside}/providers/a/b/c"), [OWN])
    for scopes in ([inside, "/"], [f"{inside}-2"], [f"/subscriptions/{BOX.subscription_id}"], []):
        assert not ownership.owns_role(BOX, role("CustomRole", *scopes), [OWN])
    assert not ownership.owns_role(BOX, role("BuiltInRole", inside), [OWN])
    assert not ownership.owns_role(BOX, role("CustomRole", inside), [])


def test_a_budget_is_the_sandboxs_when_it_watches_nothing_else() -> None:
    def watching(*names: str, dimension: str = "ResourceGroupName") -> dict[str, Any]:
        return {"properties": {"filter": {"dimensions": {"name": dimension, "operator": "In", "values": list(names)}}}}

    assert ownership.owns_budget(watching(OWN.upper()), [OWN])
    assert ownership.owns_budget(watching(OWN), [OWN.upper()])
    assert ownership.owns_budget({"properties": {"filters": {"resourceGroups": [BOX.group_id(OWN)]}}}, [OWN])
    both = {"properties": {"filter": {"and": [{"tags": {"name": "x", "values": ["y"]}}, watching(OWN)["properties"]["filter"]]}}}
    assert ownership.owns_budget(both, [OWN])
    assert not ownership.owns_budget(watching(OWN, "production"), [OWN])
    assert not ownership.owns_budget(watching(OWN, dimension="ResourceId"), [OWN])
    assert not ownership.owns_budget({"properties": {}}, [OWN])
    assert not ownership.owns_budget(watching(OWN), [])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_copied_is_left_alone(
    data: st.DataObject, cloud: ScratchCloud, sandbox: Sandbox, ledger: Ledger, tmp_path: Path
) -> None:
    """Groups with any part of the sandbox's tags, of its names and of its resources' names."""
    state, entry = cloud.snapshot(), ledger.load(sandbox.id)
    own_tags = tags.tags_of(cloud.get(sandbox.group_id(sandbox.resource_group), API))
    pieces = st.sampled_from([sandbox.resource_group, sandbox.id, sandbox.lab, "azlabs-", "-", "x", "RG"])
    made = data.draw(st.lists(st.lists(pieces, min_size=1, max_size=3).map("".join), max_size=5, unique_by=str.lower))
    try:
        for name in made:
            if name.lower() == sandbox.resource_group.lower() or name.endswith("."):
                continue
            kept = data.draw(st.sets(st.sampled_from(sorted(own_tags))))
            group = put_group(cloud, name, {tag: own_tags[tag] for tag in kept})
            inner = data.draw(st.sampled_from(["nsg", "nsg-data", "n"]))
            identifier = f"{group}/providers/Microsoft.Network/networkSecurityGroups/{inner}"
            body = {"location": "swedencentral", "tags": own_tags, "properties": {}}
            cloud.run("PUT", identifier, NETWORK_API, body)
        before = everything(cloud, but=sandbox.resource_group)
        home = Ledger(tmp_path / "other") if data.draw(st.booleans()) else ledger
        if home is not ledger:
            assert [found.id for found in marked(cloud, home.home)] == [sandbox.id]
            recover(cloud, home)
        assert not down(plan_down(home.load(sandbox.id), cloud), cloud, ledger=home).survivors
        assert everything(cloud) == before
    finally:
        cloud.restore(state)
        ledger.save(entry)
