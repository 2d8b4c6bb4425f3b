"""Images and extensions of the marketplace: a small table of the usual ones, and their lists.

Azure has thousands; `images.json` holds those of the CLI's aliases and a few more, each with versions that Azure listed in
August 2024, the newest one last (for images without a recorded listing one version in the form that the publisher uses),
and with `later` ones that can be named. `extensions.json` is of that month too. An image that is not in the table is
refused by name.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import Answer, json_answer
from azlabs.simulator.resource_manager.errors import not_modelled, refuse
from azlabs.simulator.resource_manager.resource_type import Endpoint

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

Body = dict[str, Any]
MB, GB = 1 << 20, 1 << 30
VHD_FOOTER = 512
PADDING = {"MicrosoftWindowsServer": 2 * MB, "MicrosoftWindowsDesktop": 2 * MB, "MicrosoftSQLServer": 2 * MB, "Canonical": MB}
"""What the disks of a publisher's images have beside whole gigabytes."""


@functools.cache
def extensions() -> dict[str, dict[str, list[str]]]:
    """Versions of extensions by publisher and type, as Azure spells them."""
    text = resources.files("azlabs.simulator.providers.compute").joinpath("extensions.json").read_text("utf-8")
    found: dict[str, dict[str, list[str]]] = json.loads(text)
    return found


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the table. `security` is its SecurityType feature, None for images that have none; `later` versions are not listed."""

    publisher: str
    offer: str
    sku: str
    os: str
    generation: str
    size_gb: int
    os_name: str
    os_version: str
    versions: tuple[str, ...]
    later: tuple[str, ...] = ()
    security: str | None = None
    hibernate: bool | None = None
    nvme: bool | None = None
    automatic_upgrade: bool = False

    @property
    def latest(self) -> str:
        return self.versions[-1]

    @property
    def bytes(self) -> int:
        """Size of the system disk."""
        return self.size_gb * GB + PADDING.get(self.publisher, 0)

    def disk(self) -> Body:
        """`osDiskImage`: small images of the older kind tell bytes, of the newer one gigabytes."""
        size = {"sizeInBytes": self.bytes + VHD_FOOTER} if self.generation == "V1" else {"sizeInGb": self.size_gb}
        return {"operatingSystem": self.os, **size}

    def features(self) -> list[Body]:
        found = [{"name": "SecurityType", "value": self.security}] if self.security else []
        if self.nvme is not None:
            found.append({"name": "IsAcceleratedNetworkSupported", "value": "True"})
            found.append({"name": "DiskControllerTypes", "value": "SCSI, NVMe" if self.nvme else "SCSI"})
        if self.hibernate is not None:
            found.append({"name": "IsHibernateSupported", "value": str(self.hibernate)})
        return found


@functools.cache
def table() -> dict[str, dict[str, dict[str, Image]]]:
    """Images by publisher, offer and sku, as Azure spells them."""
    text = resources.files("azlabs.simulator.providers.compute").joinpath("images.json").read_text("utf-8")
    return {
        publisher: {
            offer: {
                sku: Image(publisher, offer, sku, **{**facts, "versions": tuple(facts["versions"]), "later": tuple(facts.get("later", ()))})
                for sku, facts in skus.items()
            }
            for offer, skus in offers.items()
        }
        for publisher, offers in json.loads(text).items()
    }


def _spelled(names: dict[str, Any], word: str) -> Any:
    return next((value for name, value in names.items() if name.lower() == word.lower()), None)


def find(publisher: str, offer: str, sku: str) -> Image | None:
    """The image of this publisher, offer and sku, in any spelling."""
    found: Image | None = _spelled(_spelled(_spelled(table(), publisher) or {}, offer) or {}, sku)
    return found


def resolve(reference: Body) -> tuple[Image, str]:
    """The image and exact version that an `imageReference` with a publisher means. 501 for what is not in the table."""
    parts = [str(reference.get(part) or "") for part in ("publisher", "offer", "sku", "version")]
    image = find(*parts[:3])
    version = parts[3] or "latest"
    if image is None or version.lower() not in ("latest", *image.versions, *image.later):
        raise not_modelled(f"image {':'.join(parts)}")
    return image, image.latest if version.lower() == "latest" else version


# --- lists ----------------------------------------------------------------------------------------------------------------
def _id(call: Call, tail: str) -> str:
    return (
        f"/Subscriptions/{call.route.subscription}/Providers/Microsoft.Compute/Locations/{call.values['location']}/Publishers/{tail}"
    )


def _items(call: Call, names: list[str], head: str) -> list[Body]:
    top = call.query.get("$top", "")
    ordered = sorted(names, reverse=True) if "desc" in call.query.get("$orderby", "").lower() else names
    chosen = ordered[: int(top)] if top.isdecimal() else ordered
    return [{"location": call.values["location"], "name": name, "id": _id(call, head + name)} for name in chosen]


def _missing(what: str, name: str) -> None:
    refuse("NotFound", f"{what}: {name} was not found.", status=404)


def _publisher(call: Call) -> tuple[str, dict[str, dict[str, Image]]]:
    wanted = call.values["publisher"]
    for name, offers in table().items():
        if name.lower() == wanted.lower():
            return name, offers
    if _spelled(extensions(), wanted) is None:
        _missing("Publisher", wanted)
    return wanted, {}


def publishers(call: Call) -> Answer:
    """Who publishes images or extensions."""
    return json_answer(_items(call, sorted({*table(), *extensions()}), ""))


def offers(call: Call) -> Answer:
    publisher, found = _publisher(call)
    return json_answer(_items(call, list(found), f"{publisher}/ArtifactTypes/VMImage/Offers/"))


def _offer(call: Call) -> tuple[str, dict[str, Image]]:
    publisher, found = _publisher(call)
    skus = _spelled(found, call.values["offer"])
    if skus is None:
        _missing("Artifact: VMImage", f"Offer '{call.values['offer']}' of publisher '{publisher}'")
    return f"{publisher}/ArtifactTypes/VMImage/Offers/{call.values['offer']}/Skus/", skus


def skus(call: Call) -> Answer:
    head, found = _offer(call)
    return json_answer(_items(call, list(found), head))


def _sku(call: Call) -> tuple[str, Image]:
    head, found = _offer(call)
    image = _spelled(found, call.values["sku"])
    if image is None:
        _missing("Artifact: VMImage", f"Sku '{call.values['sku']}'")
    return f"{head}{call.values['sku']}/Versions/", image


def versions(call: Call) -> Answer:
    head, image = _sku(call)
    items = _items(call, list(image.versions), head)
    return json_answer([{**item, "properties": image_properties(image)} for item in items] if "$expand" in call.query else items)


def image_properties(image: Image) -> Body:
    """What a version of an image says about itself."""
    old = image.generation == "V1"
    found: Body = {
        "hyperVGeneration": image.generation, "architecture": "x64", "replicaType": "Unmanaged" if old else "Managed",
        "disallowed": {"vmDiskType": "None" if old else "Unmanaged"},
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": image.automatic_upgrade},
        "imageDeprecationStatus": {"imageState": "Active"}, "osDiskImage": image.disk(), "dataDiskImages": [],
    }  # fmt: skip
    if not old:
        found["replicaCount"] = 10
    if image.features():
        found["features"] = image.features()
    return found


def version(call: Call) -> Body:
    head, image = _sku(call)
    wanted = call.values["version"]
    if wanted.lower() == "latest":
        wanted = image.latest
    if wanted not in (*image.versions, *image.later):
        _missing("Artifact: VMImage", f"Version '{wanted}'")
    return {
        "properties": image_properties(image), "location": call.values["location"], "name": wanted, "id": _id(call, head + wanted),
    }  # fmt: skip


def _extension_types(call: Call) -> tuple[str, dict[str, list[str]]]:
    wanted = call.values["publisher"]
    found = _spelled(extensions(), wanted)
    if found is None:
        _missing("Publisher", wanted)
    return f"{wanted}/ArtifactTypes/VMExtension/Types/", found


def extension_types(call: Call) -> Answer:
    head, found = _extension_types(call)
    return json_answer(_items(call, list(found), head))


def _extension(call: Call) -> tuple[str, list[str]]:
    head, found = _extension_types(call)
    known = _spelled(found, call.values["type"])
    if known is None:
        _missing("Artifact: VMExtension", f"Type '{call.values['type']}'")
    return f"{head}{call.values['type']}/Versions/", known


def extension_versions(call: Call) -> Answer:
    head, known = _extension(call)
    return json_answer(_items(call, known, head))


def extension_version(call: Call) -> Body:
    head, known = _extension(call)
    wanted = call.values["version"]
    if wanted not in known:
        _missing("Artifact: VMExtension", f"Version '{wanted}'")
    linux = "linux" in call.values["type"].lower()
    return {
        "properties": {
            "operatingSystem": "Linux" if linux else "Windows", "computeRole": "IaaS", "vmScaleSetEnabled": True,
            "supportsMultipleExtensions": False,
        },
        "location": call.values["location"], "name": wanted, "id": _id(call, head + wanted),
    }  # fmt: skip


ROOT = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers"
IMAGES = ROOT + "/{publisher}/artifacttypes/vmimage/offers"
TYPES = ROOT + "/{publisher}/artifacttypes/vmextension/types"
ENDPOINTS = [
    Endpoint("GET", ROOT, publishers),
    Endpoint("GET", IMAGES, offers),
    Endpoint("GET", IMAGES + "/{offer}/skus", skus),
    Endpoint("GET", IMAGES + "/{offer}/skus/{sku}/versions", versions),
    Endpoint("GET", IMAGES + "/{offer}/skus/{sku}/versions/{version}", version),
    Endpoint("GET", TYPES, extension_types),
    Endpoint("GET", TYPES + "/{type}/versions", extension_versions),
    Endpoint("GET", TYPES + "/{type}/versions/{version}", extension_version),
]
