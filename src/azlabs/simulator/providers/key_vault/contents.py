"""Secrets and keys of a vault as the control plane shows them: templates may make them, nobody can read them here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault import crypto, keys, objects, secrets
from azlabs.simulator.data_planes.key_vault.errors import VaultError
from azlabs.simulator.data_planes.key_vault.objects import Item, Vault
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.deployments.secrets import READERS
from azlabs.simulator.providers.key_vault.vaults import VAULT
from azlabs.simulator.resource_manager import reads
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Body, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call
    from azlabs.simulator.store import Store


class _Contents(ResourceType):
    """GET, list and PUT of something inside a vault."""

    located = tagged = False
    methods = frozenset({"GET", "PUT"})
    folder = ""

    def handle(self, call: Call) -> Answer | None:
        """Everything: the vault's own store holds these."""
        row = call.store.get(call.route.path_of(1).lower())
        if row is None:
            call.manager.require_group(call)
            raise reads.parent_missing(call, self)
        if call.method not in self.methods:
            return None
        vault = Vault(call.store, row, call.now)
        if len(call.route.names) == 1:
            return (
                json_answer({"value": [self.shown_item(vault, item) for item in vault.all(self.folder)]})
                if call.method == "GET"
                else None
            )
        try:
            with call.store.writing():
                if call.method != "GET":
                    call.manager.gates.check("write", call.principal, _write(call, self))
                    return json_answer(self.shown_item(vault, self.make(vault, call)))
                item = vault.require(self.folder, call.name)
        except VaultError as problem:
            raise Refused(problem.status, problem.code, problem.message) from None
        return json_answer(self.shown_item(vault, item)) if call.method == "GET" else None

    def exists(self, store: Store, key: str) -> bool:
        """Roles may be assigned on a secret or key."""
        vault_key, _, rest = key.rpartition(f"/{self.folder}/")
        row = store.get(vault_key)
        return row is not None and Vault(store, row, 0.0).get(self.folder, rest) is not None

    def make(self, vault: Vault, call: Call) -> Item:
        """Write what the call says."""
        raise NotImplementedError

    def properties_of(self, vault: Vault, item: Item) -> Body:
        """`properties` as they are shown."""
        raise NotImplementedError

    def shown_item(self, vault: Vault, item: Item) -> Body:
        """A resource of ARM."""
        shown: Body = {
            "id": f"{vault.row.id}/{self.folder}/{item.name}", "name": item.name, "type": self.type, "location": vault.row.location,
        }  # fmt: skip
        if item.current.get("tags") is not None:
            shown["tags"] = item.current["tags"]
        return shown | {"properties": self.properties_of(vault, item)}


def _write(call: Call, kind: ResourceType) -> Any:
    from azlabs.simulator.resource_manager.calls import Write

    return Write(call, kind, call.path(), call.name, dict(call.json()), None)


class Secrets(_Contents):
    """A secret; the value goes in and never comes out."""

    type = f"{VAULT}/secrets"
    methods = frozenset({"GET", "PUT", "PATCH"})
    folder = "secrets"

    def make(self, vault: Vault, call: Call) -> Item:
        asked = call.json().get("properties") or {}
        if call.method == "PATCH":
            item = vault.require("secrets", call.name)
            item.current["attributes"] = vault.fresh(asked.get("attributes"), item.current["attributes"])
            item.current["tags"] = objects.tags_of(call.json(), item.current.get("tags"))
        else:
            if not isinstance(asked.get("value"), str):
                raise Refused(400, "BadRequest", "The parameter value of the secret is missing.")
            item = vault.new("secrets", call.name)
            item.versions.append({
                "version": objects.new_version(), "value": asked["value"], "contentType": asked.get("contentType"),
                "tags": objects.tags_of(call.json()), "attributes": vault.fresh(asked.get("attributes")),
            })  # fmt: skip
        vault.save(item)
        return item

    def properties_of(self, vault: Vault, item: Item) -> Body:
        shown: Body = {"attributes": item.current["attributes"]}
        if item.current.get("contentType") is not None:
            shown["contentType"] = item.current["contentType"]
        url = vault.id_of("secrets", item.name)
        return shown | {"secretUri": url, "secretUriWithVersion": f"{url}/{item.current['version']}"}


class Keys(_Contents):
    """A key; a PUT of one that exists changes nothing."""

    type = f"{VAULT}/keys"
    folder = "keys"

    def make(self, vault: Vault, call: Call) -> Item:
        asked = call.json().get("properties") or {}
        item = vault.new("keys", call.name)
        if not item.versions:
            kty = keys.checked_type(vault, asked.get("kty"))
            body = {**call.json(), "attributes": asked.get("attributes"), "key_ops": asked.get("keyOps")}
            keys.add_version(vault, item, body, crypto.generate(kty, asked.get("keySize"), asked.get("curveName")), kty)
            vault.save(item)
        return item

    def properties_of(self, vault: Vault, item: Item) -> Body:
        version, url = item.current, vault.id_of("keys", item.name)
        attributes = vault.attributes(version)
        del attributes["recoverableDays"]
        shown: Body = {
            "attributes": attributes | {"exportable": version["exportable"]}, "kty": version["kty"], "keyOps": version["key_ops"],
        }  # fmt: skip
        if version["public"]["kty"] == "RSA":
            shown["keySize"] = crypto.key_size(version["material"])
        else:
            shown["curveName"] = version["public"]["crv"]
        return shown | {"keyUri": url, "keyUriWithVersion": f"{url}/{version['version']}"}


def read_secret(call: Call, vault_id: str, name: str, version: str) -> str | None:
    """The secret that a parameter of a deployment refers to."""
    row = call.store.get(vault_id.rstrip("/").lower())
    if row is None or row.type != VAULT.lower():
        return None
    return secrets.read(Vault(call.store, row, call.now), name, version)


READERS.append(read_secret)
