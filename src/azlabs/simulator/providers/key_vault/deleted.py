"""Deleted vaults and managed HSMs: lists, one of them, purge; and whether a name is free."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from azlabs.simulator.clock import stamp
from azlabs.simulator.data_planes.key_vault import objects
from azlabs.simulator.http import Answer
from azlabs.simulator.providers.key_vault.hsms import HSM, HSM_NAME
from azlabs.simulator.providers.key_vault.vaults import NAME_FORM, VAULT, deleted_not_found
from azlabs.simulator.resource_manager import operations, registry
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.records import Deleted
    from azlabs.simulator.resource_manager.calls import Call

ROOT = "/subscriptions/{subscription}/providers/Microsoft.KeyVault"
PURGED = Announce(202, headers=("location",))


def _seconds(at: float) -> str:
    return stamp(int(at)).partition(".")[0] + "Z"


def _shown(call: Call, kind: str, deleted: Deleted) -> Body:
    body = json.loads(deleted.text)
    name = str(body["name"])
    folder, reference = ("deletedVaults", "vaultId") if kind == VAULT else ("deletedManagedHSMs", "mhsmId")
    properties: Body = {
        reference: body["id"], "location": deleted.location, "tags": body.get("tags") or {},
        "deletionDate": _seconds(deleted.at), "scheduledPurgeDate": _seconds(deleted.purge_at),
    }  # fmt: skip
    protected = body["properties"].get("enablePurgeProtection")
    if protected is not None:
        properties["purgeProtectionEnabled"] = protected
    return {
        "id": f"/subscriptions/{call.route.subscription}/providers/Microsoft.KeyVault/locations/{deleted.location}/{folder}/{name}",
        "name": name, "type": f"Microsoft.KeyVault/{folder}", "properties": properties,
    }  # fmt: skip


def _one(call: Call, kind: str) -> Deleted:
    name, location = call.values["name"], call.values["location"].lower().replace(" ", "")
    for deleted in call.store.buried(kind.lower(), call.now, name):
        if deleted.location == location:
            return deleted
    if kind == VAULT:
        raise deleted_not_found(name)
    raise Refused(404, "DeletedManagedHSMNotFound", f"The specified deleted managed HSM '{name}' does not exist.")


def _list(kind: str) -> Callable[[Call], Body]:
    def act(call: Call) -> Body:
        mine = [
            one
            for one in call.store.buried(kind.lower(), call.now)
            if f"/subscriptions/{call.route.subscription}/" in one.key
        ]
        return {"value": [_shown(call, kind, one) for one in mine]}

    return act


def _get(kind: str) -> Callable[[Call], Body]:
    return lambda call: _shown(call, kind, _one(call, kind))


def _purge(kind: str) -> Callable[[Call], Answer]:
    def act(call: Call) -> Answer:
        with call.store.writing():
            deleted = _one(call, kind)
            if json.loads(deleted.text)["properties"].get("enablePurgeProtection"):
                word = "DeletedVaultPurge" if kind == VAULT else "DeletedManagedHsmPurge"
                raise Refused(
                    405, "MethodNotAllowed", f"Operation '{word}' is not allowed because purge protection is enabled."
                )
            call.store.purge(deleted.key)
            if kind == VAULT:
                objects.forget(call.store, deleted.name)
            found = registry.find(kind.lower())
            announce = PURGED if kind == VAULT else replace(PURGED, polls=1)
            headers: dict[str, str] = {}
            if found is not None:
                headers = operations.start(call, found, deleted.key, announce, location=deleted.location)
        return Answer(PURGED.status, headers)

    return act


def _available(kind: str) -> Callable[[Call], Body]:
    """Is the name free and well formed?"""

    def act(call: Call) -> Body:
        name = str(call.json().get("name") or "")
        form = NAME_FORM if kind == VAULT else HSM_NAME
        if form.fullmatch(name) is None:
            message = "The name must be 3 to 24 letters, digits and single hyphens, begin with a letter and end with a letter or digit."
            return {"nameAvailable": False, "reason": "AccountNameInvalid", "message": message}
        taken = any(row.name.lower() == name.lower() for row in call.store.of_type(kind.lower()))
        if taken or call.store.buried(kind.lower(), call.now, name):
            message = f"The name '{name}' is already in use."
            if not taken:
                message = (
                    f"The name '{name}' is in use by a vault in deleted state, which has to be recovered or purged."
                )
            return {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
        return {"nameAvailable": True}

    return act


ENDPOINTS = [
    Endpoint("POST", f"{ROOT}/checkNameAvailability", _available(VAULT)),
    Endpoint("POST", f"{ROOT}/checkMhsmNameAvailability", _available(HSM)),
    *(
        endpoint
        for kind, folder in ((VAULT, "deletedVaults"), (HSM, "deletedManagedHSMs"))
        for endpoint in (
            Endpoint("GET", f"{ROOT}/{folder}", _list(kind)),
            Endpoint("GET", f"{ROOT}/locations/{{location}}/{folder}/{{name}}", _get(kind)),
            Endpoint("POST", f"{ROOT}/locations/{{location}}/{folder}/{{name}}/purge", _purge(kind)),
        )
    ),
]
