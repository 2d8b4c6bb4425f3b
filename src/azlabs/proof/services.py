"""Slips in what data services and apps are set up with: settings of apps, rights in Cosmos DB, secrets, containers.

Some things can only be made again: a queue with other properties of its creation, a container with another policy. A
slip in them is what somebody would have made instead, so the thing is deleted and made anew, with the role assignments
that sat on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azlabs.proof.mutant import Edit
from azlabs.proof.mutation import NOTHING, REMADE, WHOLE, Change, Site, Slip, World, remover, setter, shown, structural
from azlabs.proof.state import Resource

SETTINGS = "microsoft.web/sites/config"
SECRETS = "microsoft.keyvault/vaults/secrets"
CONTAINERS = "microsoft.documentdb/databaseaccounts/sqldatabases/containers"
QUEUES = "microsoft.servicebus/namespaces/queues"
SQL_ASSIGNMENTS = "microsoft.documentdb/databaseaccounts/sqlroleassignments"
_SQL_READER, _SQL_CONTRIBUTOR = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
_ACCOUNT_CONTRIBUTOR = "5bd9cd88-fe45-4216-938b-f97437e15450"
_REFERENCE = "@microsoft.keyvault("
_VAULT_API = "7.5"

REMADE.update({CONTAINERS, QUEUES})


@structural
def app_setting(site: Site) -> Iterator[Change]:
    """A setting of an app is left out, misspelt, put back to what it was, or kept besides the new ones."""
    if site.kind != SETTINGS:
        return
    if site.path == ("properties",):
        before = (site.world.start.get(str(site.resource["id"]).lower()) or {}).get("properties") or {}
        for name, value in before.items():
            if name not in site.value:
                kept = {**site.value, name: value}
                # The text itself may be a key: it stands in no name.
                yield Change("keep", (*site.path, name), NOTHING, "as at the start", setter(site.path, kept))
            elif site.value[name] != value:
                back = {**site.value, name: value}
                yield Change("restore", (*site.path, name), "solved", "as at the start", setter(site.path, back))
    elif len(site.path) == 2 and isinstance(site.value, str):
        yield Change("remove", site.path, "there", NOTHING, remover(site.path))
        if site.value and not site.value.lower().startswith(_REFERENCE):
            yield Change("change", site.path, "right", "misspelt", setter(site.path, _misspelt(site.value)))


def _misspelt(text: str) -> str:
    """The text with the last sign of its longest word exchanged."""
    words = list(re.finditer(r"[A-Za-z0-9]+", text))
    if not words:
        return f"{text}-2"
    place = max(words, key=lambda word: len(word[0])).end() - 1
    return f"{text[:place]}{'0' if text[place] != '0' else '1'}{text[place + 1 :]}"


@structural
def container_policy(site: Site) -> Iterator[Change]:
    """Slips in the policies of a container of Cosmos DB."""
    if site.kind != CONTAINERS or not site.path:
        return
    member, value = site.path[-1], site.value
    if member == "dimensions" and isinstance(value, int):
        for other in (3072, 256):
            if other != value:
                yield Change("number", site.path, str(value), str(other), setter(site.path, other))
    elif member == "type" and "vectorIndexes" in site.path:
        for other_type in ("flat", "quantizedFlat", "diskANN"):
            if other_type != value:
                yield Change("index", site.path, str(value), other_type, setter(site.path, other_type))
    elif member == "path" and isinstance(value, str) and value != "/*":
        head, slash, rest = value[1:].partition("/")
        wrong = f"/{head}s{slash}{rest}"
        yield Change("misspell", site.path, value, wrong, setter(site.path, wrong))
    elif site.path[-2:] == ("partitionKey", "paths"):
        yield Change("partition", site.path, shown(value), "/category", setter(site.path, ["/category"]))
    elif member == "resource" and isinstance(value, dict):
        for seconds in (-1, 3600):
            if value.get("defaultTtl") != seconds:
                path = (*site.path, "defaultTtl")
                yield Change("time to live", path, NOTHING, str(seconds), setter(path, seconds))


def sql_assignment_slips(world: World, assignment: Resource) -> Iterator[Slip]:
    """Another role of the account, a higher scope, another container, another principal; or an Azure role instead."""
    properties = assignment["properties"]
    account = str(assignment["id"])[: str(assignment["id"]).lower().index("/sqlroleassignments/")]
    role, scope = str(properties["roleDefinitionId"]), str(properties["scope"])
    for other in (_SQL_READER, _SQL_CONTRIBUTOR):
        if not role.endswith(other):
            changed = f"{role.rpartition('/')[0]}/{other}"
            yield "role", role.rpartition("/")[2], other, _sql_instead(account, assignment, roleDefinitionId=changed)
    above = scope
    while above.lower() != account.lower():
        above = above.rpartition("/dbs/" if "/colls/" not in above else "/colls/")[0]
        yield "raise scope", _short(scope), _short(above), _sql_instead(account, assignment, scope=above)
    for container in world.of_type(CONTAINERS):
        parts = str(container["id"]).split("/")
        place = f"{account}/dbs/{parts[-3]}/colls/{parts[-1]}"
        if place.lower() != scope.lower() and place.lower().startswith(f"{account.lower()}/"):
            yield "other scope", _short(scope), _short(place), _sql_instead(account, assignment, scope=place)
    group = account.partition("/providers/")[0]
    role = f"{group.partition('/resourceGroups/')[0]}/providers/Microsoft.Authorization/roleDefinitions/{_ACCOUNT_CONTRIBUTOR}"
    azure = {"roleDefinitionId": role, "principalId": properties["principalId"], "principalType": "ServicePrincipal"}
    name = uuid5(NAMESPACE_URL, f"{assignment['id']}|azure")
    made = Edit(f"{account}/providers/Microsoft.Authorization/roleAssignments/{name}", {"properties": azure})
    yield "azure role", "a role of the account", "DocumentDB Account Contributor", (Edit(str(assignment["id"]), None), made)


@structural
def app_identity(site: Site) -> Iterator[Change]:
    """An app loses its identities, or gets one of the system's besides."""
    if site.kind != "microsoft.web/sites" or site.path:
        return
    identity = site.value.get("identity")
    if not isinstance(identity, dict):
        return
    before = str(identity.get("type"))
    yield Change("detach", ("identity",), before, "None", setter(("identity",), {"type": "None"}))
    attached: dict[str, Any] = {name: {} for name in identity.get("userAssignedIdentities") or {}}
    if attached and "SystemAssigned" not in before:
        both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": attached}
        yield Change("attach", ("identity",), before, str(both["type"]), setter(("identity",), both))


def _short(scope: str) -> str:
    place = scope.lower().find("/dbs/")
    return scope[place:] if place >= 0 else "the account"


def _sql_instead(account: str, assignment: Resource, **changes: str) -> tuple[Edit, ...]:
    name = uuid5(NAMESPACE_URL, f"{assignment['id']}|{sorted(changes.items())}")
    properties = {**assignment["properties"], **changes}
    return (
        Edit(str(assignment["id"]), None),
        Edit(f"{account}/sqlRoleAssignments/{name}", {"properties": properties}),
    )


def secret_slips(world: World, secret: Resource) -> Iterator[Slip]:
    """A secret is switched off, or holds what stood in a setting before it was made."""
    uri = f"{secret['properties']['secretUri']}?api-version={_VAULT_API}"
    off = Edit(f"PATCH {uri}", {"attributes": {"enabled": False}})
    yield "disable", "enabled", "disabled", (off,)
    for settings in world.of_type(SETTINGS):
        before = (world.start.get(str(settings["id"]).lower()) or {}).get("properties") or {}
        for name, value in before.items():
            now = str(settings["properties"].get(name, ""))
            if now.lower().startswith(_REFERENCE) and str(secret["name"]).lower() in now.lower() and now != value:
                yield "old secret", "new", f"the old text of {name}", (Edit(f"PUT {uri}", {"value": value}),)


def remake(world: World, resource: Resource, body: Resource) -> tuple[Edit, ...]:
    """The writes that make a resource again with another body, and put back what sat on it."""
    identifier = str(resource["id"])
    on_it: list[Edit] = []
    for other in world.solved.values():
        name = str(other["id"])
        if name.lower().startswith(f"{identifier.lower()}/providers/"):
            properties: dict[str, Any] = deepcopy(other["properties"])
            on_it.append(Edit(name, {"properties": {key: properties[key] for key in _KEPT if properties.get(key)}}))
    return (Edit(identifier, None), Edit(identifier, body), *on_it)


_KEPT = ("roleDefinitionId", "principalId", "principalType", "condition", "conditionVersion")
WHOLE[SQL_ASSIGNMENTS] = sql_assignment_slips
WHOLE[SECRETS] = secret_slips
