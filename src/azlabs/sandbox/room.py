"""Room for the start state: what stands in the way of deploying it again is moved aside, nothing is recreated.

A network cannot be put back to its old subnets while interfaces sit in the new ones, and an interface cannot move to a
subnet that is not there. So interfaces that left their place wait in a subnet of azlabs' own while the subnets are put
right, and return. They stay the same resources all the time.

Some things cannot be taken back: what a queue or a container was created with, and the capabilities of an account of
Cosmos DB. These are deleted, and the template makes them anew; their messages and items come back with the start's data.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from azlabs.cloud import Cloud
from azlabs.cloud.errors import AzureError
from azlabs.progress import Event, Progress
from azlabs.sandbox.contents import delete

_NETWORK = "microsoft.network/virtualnetworks"
_INTERFACE = "microsoft.network/networkinterfaces"
_COSMOS = "microsoft.documentdb/databaseaccounts"
_REMADE: dict[str, tuple[str, ...]] = {
    "microsoft.servicebus/namespaces": ("queues", "topics"),
    _COSMOS: ("sqlDatabases", "sqlRoleAssignments"),
}
"""Children that the template makes anew, by the type of their parent."""
_WAITING = "azlabs-reset"
_WAITING_PREFIX_LENGTH = 27
_SPARE = ipaddress.ip_network("100.127.255.0/24")  # carrier space, used when the network has no room left
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def bodies_to_remember(cloud: Cloud, identifiers: list[str]) -> dict[str, Any]:
    """Where the start state has its subnets and interfaces, and what its accounts can do: {id: {"subnets": ...},
    {"configurations": ...} or {"capabilities": ...}}."""
    found: dict[str, Any] = {}
    for identifier in identifiers:
        kind = _type(identifier)
        if kind not in {_NETWORK, _INTERFACE, _COSMOS}:
            continue
        properties = cloud.get(identifier, _version(cloud, kind)).get("properties") or {}
        found[identifier] = _shape(kind, properties)
    return found


def make_room(cloud: Cloud, start_bodies: dict[str, Any], progress: Progress) -> None:
    """Bring subnets and interfaces of the start state back to their place, and delete what cannot be changed back.

    Raises AzureError when Azure refuses.
    """
    for identifier, shape in start_bodies.items():
        if _type(identifier) == _NETWORK:
            _Network(cloud, identifier, shape, start_bodies, progress).restore()
        elif _type(identifier) == _COSMOS:
            account = cloud.find(identifier, _version(cloud, _COSMOS))
            now = _shape(_COSMOS, (account or {}).get("properties") or {})["capabilities"]
            if set(now) - set(shape["capabilities"]):
                progress(Event("Microsoft.DocumentDB/databaseAccounts", identifier.rpartition("/")[2], "running", "delete"))
                delete(cloud, identifier)


def clear(cloud: Cloud, identifiers: list[str]) -> None:
    """Delete the children of the start's resources that the template makes anew, and those that a learner added."""
    for identifier in identifiers:
        for collection in _REMADE.get(_type(identifier), ()):
            kind = f"{_type(identifier)}/{collection.lower()}"
            for child in _children(cloud, f"{identifier}/{collection}", _version(cloud, kind)):
                delete(cloud, child)


def _children(cloud: Cloud, path: str, version: str) -> list[str]:
    try:
        return [str(entry["id"]) for entry in cloud.items(path, version)]
    except AzureError as problem:
        if problem.not_found:
            return []
        raise


class _Network:
    """One network of the start state on its way back."""

    def __init__(
        self, cloud: Cloud, identifier: str, shape: dict[str, Any], start: dict[str, Any], progress: Progress
    ) -> None:
        self._cloud = cloud
        self._id = identifier
        self._start: dict[str, Any] = shape
        self._progress = progress
        self._network_api = _version(cloud, _NETWORK)
        self._interface_api = _version(cloud, _INTERFACE)
        self._interfaces = {
            found: body["configurations"]
            for found, body in start.items()
            if _type(found) == _INTERFACE and self._is_home_of(body["configurations"])
        }

    def restore(self) -> None:
        body = self._cloud.find(self._id, self._network_api)
        if body is None:
            return  # the template makes it anew
        self._drop_peerings(body)
        displaced = self._displaced()
        if not displaced and _shape(_NETWORK, body["properties"])["subnets"] == self._start["subnets"]:
            return
        self._progress(Event("Microsoft.Network/virtualNetworks", self._id.rpartition("/")[2], "running", "subnets"))
        if displaced:
            waiting = self._open_waiting_room(body)
            for interface in displaced:
                self._place(interface, [_in_waiting_room(displaced[interface], waiting)])
        self._restore_subnets()
        for interface in displaced:
            self._place(interface, self._interfaces[interface])
        if displaced:
            delete(self._cloud, f"{self._id}/subnets/{_WAITING}", self._network_api)
        self._progress(Event("Microsoft.Network/virtualNetworks", self._id.rpartition("/")[2], "done", "subnets"))

    def _is_home_of(self, configurations: list[dict[str, Any]]) -> bool:
        return any(
            str(configuration["subnet"]).lower().startswith(f"{self._id.lower()}/") for configuration in configurations
        )

    def _displaced(self) -> dict[str, list[dict[str, Any]]]:
        """The interfaces that are not where the start had them, with where they are."""
        found = {}
        for identifier, home in self._interfaces.items():
            body = self._cloud.find(identifier, self._interface_api)
            if body is None:
                continue
            now = _shape(_INTERFACE, body["properties"])["configurations"]
            if _places(now) != _places(home):
                found[identifier] = now
        return found

    def _open_waiting_room(self, body: dict[str, Any]) -> str:
        properties = body["properties"]
        space = [ipaddress.ip_network(prefix) for prefix in properties["addressSpace"]["addressPrefixes"]]
        taken = [
            ipaddress.ip_network(prefix)
            for subnets in (_shape(_NETWORK, properties)["subnets"], self._start["subnets"])
            for prefixes in subnets.values()
            for prefix in prefixes
        ]
        free = _free_block(space, taken)
        if free is None:
            free = _SPARE
            properties["addressSpace"]["addressPrefixes"] = [*map(str, space), str(_SPARE)]
            self._cloud.run("PUT", self._id, self._network_api, _writable(body))
        identifier = f"{self._id}/subnets/{_WAITING}"
        self._cloud.run("PUT", identifier, self._network_api, {"properties": {"addressPrefix": str(free)}})
        return identifier

    def _restore_subnets(self) -> None:
        """Exactly the start's subnets and the waiting room; their groups and routes come back with the template."""
        body = self._cloud.get(self._id, self._network_api)
        now = _shape(_NETWORK, body["properties"])["subnets"]
        for name, prefixes in now.items():
            if name != _WAITING and self._start["subnets"].get(name) != prefixes:
                delete(self._cloud, f"{self._id}/subnets/{name}", self._network_api)
        missing = {name: prefixes for name, prefixes in self._start["subnets"].items() if now.get(name) != prefixes}
        space = body["properties"]["addressSpace"]["addressPrefixes"]
        absent = [prefix for prefix in self._start["space"] if prefix not in space]
        if missing and absent:
            body = self._cloud.get(self._id, self._network_api)
            body["properties"]["addressSpace"]["addressPrefixes"] = [*space, *absent]
            self._cloud.run("PUT", self._id, self._network_api, _writable(body))
        for name, prefixes in missing.items():
            address = {"addressPrefix": prefixes[0]} if len(prefixes) == 1 else {"addressPrefixes": prefixes}
            self._cloud.run("PUT", f"{self._id}/subnets/{name}", self._network_api, {"properties": address})

    def _place(self, interface: str, configurations: list[dict[str, Any]]) -> None:
        body = self._cloud.get(interface, self._interface_api)
        body["properties"]["ipConfigurations"] = [
            {
                "name": configuration["name"],
                "properties": {
                    "subnet": {"id": configuration["subnet"]},
                    "privateIPAllocationMethod": "Static" if configuration.get("address") else "Dynamic",
                    **({"privateIPAddress": configuration["address"]} if configuration.get("address") else {}),
                    "primary": configuration.get("primary", True),
                },
            }
            for configuration in configurations
        ]
        self._cloud.run("PUT", interface, self._interface_api, _writable(body))

    def _drop_peerings(self, body: dict[str, Any]) -> None:
        for peering in body["properties"].get("virtualNetworkPeerings") or []:
            if str(peering.get("name")) not in self._start["peerings"]:
                delete(self._cloud, f"{self._id}/virtualNetworkPeerings/{peering['name']}", self._network_api)


def _shape(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    """What a reset needs of a body, without anything that Azure computes."""
    if kind == _COSMOS:
        return {"capabilities": sorted(str(entry["name"]) for entry in properties.get("capabilities") or [])}
    if kind == _NETWORK:
        return {
            "space": list((properties.get("addressSpace") or {}).get("addressPrefixes") or []),
            "subnets": {str(subnet["name"]): _prefixes(subnet) for subnet in properties.get("subnets") or []},
            "peerings": [str(peering["name"]) for peering in properties.get("virtualNetworkPeerings") or []],
        }
    configurations = []
    for configuration in properties.get("ipConfigurations") or []:
        inner = configuration.get("properties") or {}
        static = str(inner.get("privateIPAllocationMethod", "")).lower() == "static"
        configurations.append(
            {
                "name": str(configuration["name"]),
                "subnet": str((inner.get("subnet") or {}).get("id", "")),
                "address": str(inner.get("privateIPAddress", "")) if static else "",
                "primary": bool(inner.get("primary", True)),
            }
        )
    return {"configurations": configurations}


def _prefixes(subnet: dict[str, Any]) -> list[str]:
    properties = subnet.get("properties") or {}
    single = properties.get("addressPrefix")
    return [str(single)] if single else [str(prefix) for prefix in properties.get("addressPrefixes") or []]


def _places(configurations: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return sorted((entry["name"].lower(), entry["subnet"].lower(), entry["address"]) for entry in configurations)


def _in_waiting_room(now: list[dict[str, Any]], waiting: str) -> dict[str, Any]:
    return {"name": now[0]["name"], "subnet": waiting, "address": "", "primary": True}


def _free_block(space: list[Network], taken: list[Network]) -> Network | None:
    """A free block for the waiting room inside the network's address space."""
    for network in space:
        if network.version != 4 or network.prefixlen > _WAITING_PREFIX_LENGTH:
            continue
        for block in network.subnets(new_prefix=_WAITING_PREFIX_LENGTH):
            if not any(block.version == other.version and block.overlaps(other) for other in taken):
                return block
    return None


def _writable(body: dict[str, Any]) -> dict[str, Any]:
    """A body as it may be sent back: without what only Azure sets at the top."""
    return {name: value for name, value in body.items() if name not in {"id", "name", "type", "etag", "systemData"}}


def _type(identifier: str) -> str:
    from azlabs.arm.ids import ResourceId

    return ResourceId.parse(identifier).type.lower()


def _version(cloud: Cloud, kind: str) -> str:
    return cloud.api_version(kind)
