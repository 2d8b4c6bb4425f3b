"""Where machines are put: availability sets, proximity placement groups, dedicated hosts, capacity reservations; keys."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.providers.compute import sizes
from azlabs.simulator.providers.compute.base import (
    ASYNC,
    ComputeType,
    QuietType,
    ids_through,
    invalid,
    is_read,
    missing,
    not_allowed,
    properties,
    query_of,
    unchangeable,
)
from azlabs.simulator.resource_manager import operations
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Announce, InUse, Reference, action

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call, Reader, Write

Body = dict[str, Any]
HOST_SKUS: dict[str, tuple[str, ...]] = {
    "DSv3": ("Type1", "Type2", "Type3", "Type4"), "ESv3": ("Type1", "Type2", "Type3", "Type4"), "FSv2": ("Type2", "Type3", "Type4"),
    "DCSv2": ("Type1",), "Dsv4": ("Type1", "Type2"), "Ddsv4": ("Type1", "Type2"), "Dasv4": ("Type1", "Type2"),
    "Esv4": ("Type1", "Type2"), "Dsv5": ("Type1",), "Ddsv5": ("Type1",), "Dasv5": ("Type1",), "Dadsv5": ("Type1",), "Esv5": ("Type1",),
    "Easv4": ("Type1", "Type2"), "Edsv4": ("Type1", "Type2"), "LSv2": ("Type1",), "MS": ("Type1",), "MSm": ("Type1",),
}  # fmt: skip
"""Sku families of dedicated hosts with their types. Source: Microsoft's documentation of Azure Dedicated Host."""


class AvailabilitySets(QuietType):
    """Machines that are never all down at once."""

    type = "Microsoft.Compute/availabilitySets"
    members = frozenset({"sku"})
    creates = Announce(200)
    defaults = {"sku": {"name": "Classic"}, "properties": {"platformUpdateDomainCount": 5, "platformFaultDomainCount": 3}}
    read_only = ("properties.virtualMachines", "properties.statuses")
    choices = {"sku.name": ("Classic", "Aligned")}
    references = (
        Reference("properties.proximityPlacementGroup", "Microsoft.Compute/proximityPlacementGroups", "NotFound",
                  "Resource {id} not found.", 404),
    )  # fmt: skip
    in_use = InUse(
        "OperationNotAllowed", "Availability Set '{name}' cannot be deleted. Before deleting an Availability Set please ensure that it "
        "does not contain any VM.", 409,
    )  # fmt: skip

    def fill(self, write: Write) -> None:
        """Managed sets have two fault domains where the caller says nothing of it, unmanaged ones three."""
        mine = properties(write.request)
        for member in ("platformFaultDomainCount", "platformUpdateDomainCount"):
            if member not in mine and write.before is not None:
                write.put(f"properties.{member}", write.old(f"properties.{member}"))

    def validate(self, write: Write) -> None:
        """1 to 3 fault domains, 1 to 20 update domains, for good."""
        for member, most in (("platformFaultDomainCount", 3), ("platformUpdateDomainCount", 20)):
            value = write.get(f"properties.{member}")
            if type(value) is not int or not 1 <= value <= most:
                invalid(f"The specified {member[8:-5].lower()} domain count {value} must fall in the range 1 to {most}.", member)
            if write.before is not None and value != write.old(f"properties.{member}"):
                unchangeable(member)
        if write.before is not None and write.old("sku.name") == "Aligned" and write.get("sku.name") == "Classic":
            unchangeable("sku.name")

    def shown(self, body: Body, reader: Reader) -> Body:
        """Its machines, to those who read."""
        if is_read(reader):
            body["properties"]["virtualMachines"] = ids_through(reader, body["id"], "properties.availabilitySet")
        return body

    @action("vmSizes", method="GET")
    def vm_sizes(self, call: Call, body: Body) -> Body:  # noqa: ARG002
        """Sizes of machines that could join."""
        return {"value": [size.listed() for size in sizes.sizes().values()]}


class ProximityPlacementGroups(QuietType):
    """Machines that are near each other."""

    type = "Microsoft.Compute/proximityPlacementGroups"
    members = frozenset({"zones"})
    defaults = {"properties": {"proximityPlacementGroupType": "Standard"}}
    choices = {"properties.proximityPlacementGroupType": ("Standard", "Ultra")}
    patch = "tags"
    read_only = (
        "properties.virtualMachines", "properties.virtualMachineScaleSets", "properties.availabilitySets", "properties.colocationStatus",
    )  # fmt: skip
    in_use = InUse(
        "OperationNotAllowed", "Proximity Placement Group '{name}' cannot be deleted. Before deleting a Proximity Placement Group please "
        "ensure that it does not contain any resource: {user}.", 409,
    )  # fmt: skip

    def shown(self, body: Body, reader: Reader) -> Body:
        """Who is in it, to those who read."""
        if not is_read(reader):
            return body
        everybody = ids_through(reader, body["id"], "properties.proximityPlacementGroup")
        for member in ("virtualMachines", "virtualMachineScaleSets", "availabilitySets"):
            body["properties"][member] = [one for one in everybody if f"/{member.lower()}/" in one["id"].lower()]
        if query_of(reader).get("includecolocationstatus", "").lower() == "true":
            body["properties"]["colocationStatus"] = {
                "code": "ColocationStatus/Aligned", "level": "Info", "displayStatus": "Aligned",
                "message": "All resources in the proximity placement group are aligned.",
            }  # fmt: skip
        return body


class SshPublicKeys(QuietType):
    """A public key for the administrators of machines."""

    type = "Microsoft.Compute/sshPublicKeys"
    shows_type = False
    defaults = {"properties": {}}

    def validate(self, write: Write) -> None:
        """A key has the form of one."""
        key = write.get("properties.publicKey")
        if key is not None and not str(key).startswith(("ssh-rsa ", "ssh-ed25519 ")):
            invalid("The value of parameter publicKey is invalid.", "publicKey")

    @action("generateKeyPair")
    def generate(self, call: Call, body: Body) -> Body:
        """A new pair; the private key is shown this once."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

        if properties(body).get("publicKey"):
            refuse("KeyPairAlreadyGenerated", f"The SSH public key resource '{body['name']}' already has a key.", status=409)
        kind = str((call.json() if call.raw else {}).get("encryptionType", "RSA"))
        if kind.lower() not in ("rsa", "ed25519"):
            invalid(f"The value '{kind}' of parameter encryptionType is invalid.", "encryptionType")
        key: Any = rsa.generate_private_key(65537, 3072) if kind.lower() == "rsa" else ed25519.Ed25519PrivateKey.generate()
        form = serialization.PrivateFormat.TraditionalOpenSSL if kind.lower() == "rsa" else serialization.PrivateFormat.OpenSSH
        private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
        public += " generated-by-azure"
        row = call.store.get(call.key)
        assert row is not None
        row.body = {**body, "properties": {"publicKey": public}}
        call.store.update(row)
        return {"privateKey": private.replace("\n", "\r\n"), "publicKey": public, "id": body["id"]}


class HostGroups(QuietType):
    """Hosts of one's own."""

    type = "Microsoft.Compute/hostGroups"
    members = frozenset({"zones"})
    required = ("properties.platformFaultDomainCount",)
    required_code = ("InvalidParameter", "Required parameter '{path}' is missing (null).")
    defaults = {"properties": {"supportAutomaticPlacement": False}}
    members_since = {"properties.supportAutomaticPlacement": "2020-06-01"}
    read_only = ("properties.hosts", "properties.instanceView")

    def validate(self, write: Write) -> None:
        count = write.get("properties.platformFaultDomainCount")
        if type(count) is not int or not 1 <= count <= 5:
            invalid(f"The specified fault domain count {count} must fall in the range 1 to 5.", "platformFaultDomainCount")
        if write.before is not None and count != write.old("properties.platformFaultDomainCount"):
            unchangeable("platformFaultDomainCount")

    def deleting(self, write: Write) -> None:
        """Only without hosts."""
        if write.store.at_scope(write.key, "microsoft.compute/hostgroups/hosts"):
            not_allowed(f"Dedicated Host Group '{write.name}' cannot be deleted because it contains hosts.")

    def shown(self, body: Body, reader: Reader) -> Body:
        rows = reader.store.at_scope(body["id"].lower(), "microsoft.compute/hostgroups/hosts")
        if is_read(reader) and rows:
            body["properties"]["hosts"] = [{"id": row.id} for row in rows]
        return body


class Hosts(ComputeType):
    """A host of one's own."""

    type = "Microsoft.Compute/hostGroups/hosts"
    members = frozenset({"sku"})
    creates = Announce(201, "Creating", headers=ASYNC, polls=1)
    defaults = {"properties": {"platformFaultDomain": 0, "autoReplaceOnFailure": True}}
    required = ("sku.name",)
    required_code = ("InvalidParameter", "Required parameter '{path}' is missing (null).")
    read_only = ("properties.hostId", "properties.timeCreated", "properties.provisioningTime", "properties.virtualMachines",
                 "properties.instanceView")  # fmt: skip
    members_since = {"properties.timeCreated": "2021-11-01"}
    in_use = InUse("OperationNotAllowed", "Dedicated Host '{name}' cannot be deleted because it has virtual machines: {user}.", 409)

    def fill(self, write: Write) -> None:
        write.put("properties.hostId", write.old("properties.hostId") or str(uuid.uuid4()))
        write.put("properties.timeCreated", write.old("properties.timeCreated") or stamp(write.now))
        write.put("properties.provisioningTime", write.old("properties.provisioningTime") or stamp(write.now))

    def validate(self, write: Write) -> None:
        """Sku, and a fault domain that its group has."""
        family, _, kind = str(write.get("sku.name")).partition("-")
        known = next((types for name, types in HOST_SKUS.items() if name.lower() == family.lower()), ())
        if kind.lower() not in [one.lower() for one in known]:
            invalid(f"The value '{write.get('sku.name')}' of parameter sku.name is not a sku of dedicated hosts.", "sku.name")
        group = write.store.get(write.call.scope_key)
        domain = write.get("properties.platformFaultDomain")
        most = properties(group.body)["platformFaultDomainCount"] if group is not None else 1
        if type(domain) is not int or not 0 <= domain < most:
            invalid(f"The fault domain {domain} must be lower than the fault domain count {most} of the host group.", "platformFaultDomain")

    def accepted(self, _write: Write, shown: Body) -> None:
        shown["properties"].pop("provisioningTime", None)

    def shown(self, body: Body, reader: Reader) -> Body:
        if is_read(reader):
            body["properties"]["virtualMachines"] = ids_through(reader, body["id"], "properties.host")
        return body

    @action("redeploy")
    def redeploy(self, call: Call, body: Body) -> Answer:
        """Begin again on other hardware."""
        return Answer(200, operations.start(call, self, call.key, Announce(headers=ASYNC), location=body["location"], method="POST"))

    @action("restart")
    def restart(self, call: Call, body: Body) -> Answer:
        """Restart the host."""
        return Answer(200, operations.start(call, self, call.key, Announce(headers=ASYNC), location=body["location"], method="POST"))


class CapacityReservationGroups(ComputeType):
    """Reservations under one name."""

    type = "Microsoft.Compute/capacityReservationGroups"
    members = frozenset({"zones"})
    read_only = ("properties.capacityReservations", "properties.virtualMachinesAssociated", "properties.instanceView")
    defaults = {"properties": {}}

    def fill(self, write: Write) -> None:
        """Subscriptions to share with are ids, however they were written."""
        shared = write.get("properties.sharingProfile.subscriptionIds")
        if shared is None and write.old("properties.sharingProfile") is not None:
            write.put("properties.sharingProfile", write.old("properties.sharingProfile"))
        elif isinstance(shared, list):
            ids = [str(one.get("id", "")).strip("/").rpartition("/")[2] for one in shared]
            write.put("properties.sharingProfile.subscriptionIds", [{"id": f"/subscriptions/{id}"} for id in ids])

    def accepted(self, write: Write, shown: Body) -> None:
        """The first answer shows with whom it was shared before."""
        if write.created:
            shown["properties"].pop("sharingProfile", None)

    def deleting(self, write: Write) -> None:
        """Only without reservations."""
        if write.store.at_scope(write.key, RESERVATION):
            not_allowed(f"Capacity Reservation Group '{write.name}' cannot be deleted because it contains capacity reservations.")

    def shown(self, body: Body, reader: Reader) -> Body:
        rows = reader.store.at_scope(body["id"].lower(), RESERVATION)
        if is_read(reader) and rows:
            body["properties"]["capacityReservations"] = [{"id": row.id} for row in rows]
        machines = ids_through(reader, body["id"], "properties.capacityReservation.capacityReservationGroup")
        if machines:
            body["properties"]["virtualMachinesAssociated"] = machines
        return body

    def handle(self, call: Call) -> Answer | None:
        """Lists of ids only; nobody shares with the one subscription."""
        wanted = call.query.get("resourceidsonly", "").lower()
        if call.method != "GET" or not wanted or len(call.route.names) == len(call.route.types):
            return super().handle(call)
        if wanted not in ("all", "createdinsubscription", "sharedwithsubscription"):
            invalid(f"The value '{wanted}' of resourceIdsOnly is invalid.", "resourceIdsOnly")
        rows = [] if wanted.startswith("shared") else call.store.in_subscription(call.route.subscription, self.key)
        return json_answer({"value": [{"id": row.id, "type": self.type, "location": row.location} for row in rows]})


RESERVATION = "microsoft.compute/capacityreservationgroups/capacityreservations"


class CapacityReservations(ComputeType):
    """Room for machines of a size."""

    type = "Microsoft.Compute/capacityReservationGroups/capacityReservations"
    members = frozenset({"sku", "zones"})
    defaults = {"properties": {}}
    read_only = ("properties.reservationId", "properties.provisioningTime", "properties.timeCreated", "properties.instanceView",
                 "properties.virtualMachinesAssociated", "properties.platformFaultDomainCount")  # fmt: skip

    def fill(self, write: Write) -> None:
        write.put("properties.reservationId", write.old("properties.reservationId") or str(uuid.uuid4()))
        for member in ("timeCreated", "provisioningTime"):
            write.put(f"properties.{member}", write.old(f"properties.{member}") or stamp(write.now))

    def validate(self, write: Write) -> None:
        size = sizes.find(str(write.get("sku.name", "")))
        if size is None:
            missing("sku.name") if not write.get("sku.name") else invalid(f"The size {write.get('sku.name')} is not valid.", "sku.name")
        if type(write.get("sku.capacity", 0)) is not int or write.get("sku.capacity", 0) < 0:
            invalid("The capacity must not be negative.", "sku.capacity")
