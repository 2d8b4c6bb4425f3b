"""The requests that a vault answers: path, what has to be granted, and the function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault import certificates, keys, policies, rotation, secrets, shared

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.key_vault.asking import Asking


@dataclass(frozen=True, slots=True)
class Operation:
    """`permission`: word of an access policy; `action`: data action below Microsoft.KeyVault/vaults/."""

    function: Callable[[Asking], Any]
    permission: str
    action: str
    status: int = 200


def _common(kind: str, read: str, delete_action: str = "delete") -> dict[tuple[str, str], Operation]:
    """What all three kinds have. `read`: the action for metadata."""
    module = {"secrets": secrets, "keys": keys, "certificates": certificates}[kind]
    below = f"{kind}/{{name}}"
    return {
        ("GET", kind): Operation(shared.list_of(kind), "list", f"{kind}/{read}"),
        ("GET", f"{below}/versions"): Operation(shared.versions_of(kind), "list", f"{kind}/{read}"),
        ("PATCH", below): Operation(module.patch, "set" if kind == "secrets" else "update", f"{kind}/update/action"),
        ("PATCH", f"{below}/{{version}}"): Operation(
            module.patch, "set" if kind == "secrets" else "update", f"{kind}/update/action"
        ),
        ("DELETE", below): Operation(module.delete, "delete", f"{kind}/{delete_action}"),
        ("POST", f"{below}/backup"): Operation(shared.backup(kind), "backup", f"{kind}/backup/action"),
        ("POST", f"{kind}/restore"): Operation(shared.restore(kind), "restore", f"{kind}/restore/action"),
        ("GET", f"deleted{kind}"): Operation(shared.list_deleted(kind), "list", f"{kind}/{read}"),
        ("GET", f"deleted{below}"): Operation(shared.get_deleted(kind), "get", f"{kind}/{read}"),
        ("DELETE", f"deleted{below}"): Operation(shared.purge(kind), "purge", f"{kind}/purge/action", 204),
        ("POST", f"deleted{below}/recover"): Operation(shared.recover(kind), "recover", f"{kind}/recover/action"),
    }


_SECRET_GET = Operation(secrets.get, "get", "secrets/getSecret/action")
_KEY_GET = Operation(keys.get, "get", "keys/read")
_CERTIFICATE_GET = Operation(certificates.get, "get", "certificates/read")
_USES = {
    "encrypt": (keys.encrypt, "encrypt"), "decrypt": (keys.decrypt, "decrypt"), "wrapkey": (keys.wrap, "wrap"),
    "unwrapkey": (keys.unwrap, "unwrap"), "sign": (keys.sign, "sign"), "verify": (keys.verify, "verify"),
    "release": (keys.release, "release"),
}  # fmt: skip
_PERMISSIONS = {"wrapkey": "wrapKey", "unwrapkey": "unwrapKey"}

OPERATIONS: dict[tuple[str, str], Operation] = {
    **_common("secrets", "readMetadata/action"),
    **_common("keys", "read"),
    **_common("certificates", "read"),
    ("PUT", "secrets/{name}"): Operation(secrets.put, "set", "secrets/setSecret/action"),
    ("GET", "secrets/{name}"): _SECRET_GET,
    ("GET", "secrets/{name}/{version}"): _SECRET_GET,
    ("POST", "keys/{name}/create"): Operation(keys.create, "create", "keys/create/action"),
    ("PUT", "keys/{name}"): Operation(keys.put, "import", "keys/import/action"),
    ("GET", "keys/{name}"): _KEY_GET,
    ("GET", "keys/{name}/{version}"): _KEY_GET,
    ("POST", "keys/{name}/rotate"): Operation(keys.rotate, "rotate", "keys/rotate/action"),
    ("GET", "keys/{name}/rotationpolicy"): Operation(rotation.get, "getrotationpolicy", "keyrotationpolicies/read"),
    ("PUT", "keys/{name}/rotationpolicy"): Operation(rotation.put, "setrotationpolicy", "keyrotationpolicies/write"),
    ("POST", "rng"): Operation(keys.random_bytes, "get", "keys/read"),
    **{
        ("POST", f"keys/{{name}}{version}/{word}"): Operation(function, _PERMISSIONS.get(word, word), f"keys/{action}/action")
        for version in ("", "/{version}")
        for word, (function, action) in _USES.items()
    },
    ("POST", "certificates/{name}/create"): Operation(certificates.create, "create", "certificates/create/action", 202),
    ("POST", "certificates/{name}/import"): Operation(certificates.put, "import", "certificates/import/action"),
    ("GET", "certificates/{name}"): _CERTIFICATE_GET,
    ("GET", "certificates/{name}/{version}"): _CERTIFICATE_GET,
    ("GET", "certificates/{name}/policy"): Operation(policies.get, "get", "certificates/read"),
    ("PATCH", "certificates/{name}/policy"): Operation(policies.patch, "update", "certificates/update/action"),
    ("GET", "certificates/{name}/pending"): Operation(certificates.get_pending, "get", "certificates/read"),
    ("PATCH", "certificates/{name}/pending"): Operation(certificates.cancel, "update", "certificates/update/action"),
    ("DELETE", "certificates/{name}/pending"): Operation(certificates.delete_pending, "delete", "certificates/delete"),
    ("POST", "certificates/{name}/pending/merge"): Operation(
        certificates.merge, "create", "certificates/create/action", 201
    ),
    ("GET", "certificates/contacts"): Operation(policies.get_contacts, "managecontacts", "certificatecontacts/write"),
    ("PUT", "certificates/contacts"): Operation(policies.put_contacts, "managecontacts", "certificatecontacts/write"),
    ("DELETE", "certificates/contacts"): Operation(policies.delete_contacts, "managecontacts", "certificatecontacts/write"),
    ("GET", "certificates/issuers"): Operation(policies.list_issuers, "listissuers", "certificatecas/read"),
    ("GET", "certificates/issuers/{name}"): Operation(policies.get_issuer, "getissuers", "certificatecas/read"),
    ("PUT", "certificates/issuers/{name}"): Operation(policies.put_issuer, "setissuers", "certificatecas/write"),
    ("PATCH", "certificates/issuers/{name}"): Operation(policies.patch_issuer, "setissuers", "certificatecas/write"),
    ("DELETE", "certificates/issuers/{name}"): Operation(policies.delete_issuer, "deleteissuers", "certificatecas/delete"),
}  # fmt: skip

_BY_SHAPE: dict[tuple[str, int], list[tuple[tuple[str, ...], Operation]]] = {}
for (_method, _path), _operation in sorted(OPERATIONS.items(), key=lambda entry: entry[0][1].count("{")):
    _BY_SHAPE.setdefault((_method, _path.count("/") + 1), []).append((tuple(_path.split("/")), _operation))


def match(method: str, segments: list[str]) -> tuple[Operation, dict[str, str]] | None:
    """The operation for a request and the values of its path's {words}; words of the path itself come before names."""
    for pattern, operation in _BY_SHAPE.get((method, len(segments)), ()):
        if all(part[0] == "{" or part == given.lower() for part, given in zip(pattern, segments, strict=True)):
            values = {part[1:-1]: given for part, given in zip(pattern, segments, strict=True) if part[0] == "{"}
            return operation, values
    return None
