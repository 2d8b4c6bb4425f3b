"""Private endpoint connections of vaults and managed HSMs: made by endpoints that name them, decided about here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.endpoint_connections import EndpointConnections
from azlabs.simulator.resource_manager import reads
from azlabs.simulator.resource_manager.errors import Refused
from azlabs.simulator.resource_manager.resource_type import Announce, Body, ResourceType

if TYPE_CHECKING:
    from azlabs.simulator.records import Resource
    from azlabs.simulator.resource_manager.calls import Call, Reader

CONNECTIONS = "Microsoft.KeyVault/vaults/privateEndpointConnections"
KINDS = {
    "vaults": ("vault", "privatelink.vaultcore.azure.net"),
    "managedHSMs": ("managedhsm", "privatelink.managedhsm.azure.net"),
}
"""Type to the group and the DNS zone of its private link."""


class _Connections(EndpointConnections):
    """Named as the endpoint's connection; decided about in a moment, which operations announce."""

    approved = ""
    not_found = ("PrivateEndpointConnectionNotFound", "The private endpoint connection '{name}' was not found.")
    creates = Announce(200, headers=("azure-asyncoperation",))
    deletes = Announce(202, headers=("location",))
    operation_paths = ("operations", "managedHsmOperationResults")
    first_answer: ClassVar[Body | None] = {"provisioningState": "Updating"}

    @classmethod
    def name_of(cls, owner: Resource, endpoint: str, holder: str) -> str:  # noqa: ARG003
        """The name that the endpoint gives its connection."""
        return holder.rpartition("/")[2]

    @classmethod
    def shape(cls, reader: Reader, owner: Resource, name: str, endpoint: str, holder: str, state: Body) -> Body:
        """Where the vault is, and no groups."""
        found = super().shape(reader, owner, name, endpoint, holder, state)
        del found["properties"]["groupIds"]
        return {**found, "type": CONNECTIONS, "location": owner.body.get("location")}

    @classmethod
    def listed(cls, one: Body) -> Body:
        """Lists show little."""
        return {name: one[name] for name in ("id", "properties")}


def of(reader: Reader, holder: Body) -> list[Body]:
    """The connections of a vault or managed HSM as they are shown."""
    return _Connections.of(reader, str(holder["id"]).lower())


class _LinkResources(ResourceType):
    """What a private endpoint can stand for."""

    methods = frozenset({"GET"})

    def handle(self, call: Call) -> Answer | None:
        """A list of one."""
        if call.method != "GET" or len(call.route.names) != 1:
            return None
        holder = _holder(call)
        group, zone = KINDS[self.type.split("/")[1]]
        properties = {"groupId": group, "requiredMembers": ["default"], "requiredZoneNames": [zone]}
        id = f"{holder.id}/privateLinkResources/{group}"
        return json_answer({"value": [{"id": id, "name": group, "type": self.type, "properties": properties}]})


def _holder(call: Call) -> Resource:
    row = call.store.get(call.route.path_of(1).lower())
    if row is None:
        call.manager.require_group(call)
        raise reads.parent_missing(call, call.kind) if call.kind is not None else Refused(404, "ResourceNotFound", "")
    return row


def _types(name: str) -> None:
    for base, segment in ((_Connections, "privateEndpointConnections"), (_LinkResources, "privateLinkResources")):
        attributes: dict[str, Any] = {
            "__doc__": base.__doc__, "type": f"Microsoft.KeyVault/{name}/{segment}", "located": False, "tagged": False,
        }  # fmt: skip
        type(f"{name}{segment}", (base,), attributes)


for _name in KINDS:
    _types(_name)
