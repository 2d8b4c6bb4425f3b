"""Authorization rules: rights with a pair of keys, on a namespace or on what is in it."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

from azlabs.simulator.http import dumps
from azlabs.simulator.providers.messaging.base import Body, Child, bad, namespace_of, new_row
from azlabs.simulator.resource_manager import registry
from azlabs.simulator.resource_manager.resource_type import NameRule, action

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

RIGHTS = ("Listen", "Send", "Manage")
ROOT = "RootManageSharedAccessKey"
MOST = 12
PAIR = {"primarykey": "primaryKey", "secondarykey": "secondaryKey"}


def new_key() -> str:
    """A shared access key: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def new_pair() -> Body:
    """Both keys of a new rule."""
    return {name: new_key() for name in PAIR.values()}


class AuthorizationRules(Child):
    """A rule; its two keys are kept beside it and given out by `listKeys`."""

    name_rule = NameRule(
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?", "BadRequest", "The rule name '{name}' is not valid."
    )

    def fill(self, write: Write) -> None:
        """Rights in their words; whoever manages also sends and listens."""
        super().fill(write)
        asked = write.get("properties.rights")
        if not isinstance(asked, list) or not asked:
            bad("An authorization rule has to have at least one right.")
        words = {word.lower(): word for word in RIGHTS}
        rights = [words.get(str(one).lower(), "") for one in asked]
        if "" in rights or len(set(rights)) != len(rights):
            bad(f"The rights of an authorization rule are {', '.join(RIGHTS)}, each at most once.")
        if "Manage" in rights and len(rights) < len(RIGHTS):
            bad("Manage permission should also include Send and Listen.")
        write.body["properties"] = {"rights": rights}
        if write.before is None:
            above = write.key.rpartition("/")[0].rpartition("/")[0]
            if len(write.store.at_scope(above, self.key)) >= MOST:
                bad(f"There cannot be more than {MOST} authorization rules.")
            write.hidden["keys"] = new_pair()

    @action("listKeys")
    def list_keys(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Both keys with their connection strings."""
        return shown_keys(call, call.store.get(call.key))

    @action("regenerateKeys")
    def regenerate_keys(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """A new value, or a given one, for one key; what was signed with the old one is worth nothing from now on."""
        asked = call.json()
        name = PAIR.get(str(asked.get("keyType", "")).lower())
        if name is None:
            bad("The keyType has to be PrimaryKey or SecondaryKey.")
        given = asked.get("key")
        if given is not None and (not isinstance(given, str) or not given):
            bad("The key has to be a text.")
        row = call.store.get(call.key)
        if row is not None:
            hidden = row.hidden
            hidden["keys"][name] = given or new_key()
            row.hidden_text = dumps(hidden)
            call.store.update(row)
        return shown_keys(call, row)


def shown_keys(reader: Reader, row: Resource | None, alias: str = "") -> Body:
    """The keys of a rule and how programs connect with them; by an `alias` of a pair of namespaces."""
    if row is None:
        return {}
    pair = row.hidden["keys"]
    namespace = namespace_of(reader, row.key)
    parts = row.id[len(namespace.id) :].strip("/").split("/")
    entity = f";EntityPath={parts[1]}" if len(parts) > 2 else ""
    host = f"Endpoint=sb://{alias or namespace.name}.servicebus.windows.net/"
    strings = {
        name: f"{host};SharedAccessKeyName={row.name};SharedAccessKey={key}{entity}" for name, key in pair.items()
    }
    if alias:
        connections = {
            "aliasPrimaryConnectionString": strings["primaryKey"],
            "aliasSecondaryConnectionString": strings["secondaryKey"],
        }
    else:
        connections = {
            "primaryConnectionString": strings["primaryKey"],
            "secondaryConnectionString": strings["secondaryKey"],
        }
    return {**connections, **pair, "keyName": row.name}


def make_root(write: Write, namespace: Resource, type_name: str) -> None:
    """The rule for everything that every namespace has."""
    kind = registry.find(type_name.lower())
    if kind is not None:
        new_row(
            write, kind, namespace, ROOT, {"properties": {"rights": ["Listen", "Manage", "Send"]}}, {"keys": new_pair()}
        )
