"""Rules about the settings of an account: which go together, what they default to, which can never change."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from azlabs.simulator.clock import stamp
from azlabs.simulator.providers.storage.base import invalid
from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.locations import regions

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

Body = dict[str, Any]
STANDARD = ("Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS", "Standard_GZRS", "Standard_RAGZRS")
PREMIUM = ("Premium_LRS", "Premium_ZRS")
PROVISIONED = (
    "StandardV2_LRS", "StandardV2_GRS", "StandardV2_ZRS", "StandardV2_GZRS", "PremiumV2_LRS", "PremiumV2_ZRS",
)  # fmt: skip
SKUS = STANDARD + PREMIUM + PROVISIONED
KINDS = {
    "Storage": ("Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_RAGRS", "Premium_LRS"),
    "StorageV2": STANDARD + PREMIUM,
    "BlobStorage": ("Standard_LRS", "Standard_GRS", "Standard_RAGRS"),
    "BlockBlobStorage": PREMIUM,
    "FileStorage": PREMIUM + PROVISIONED,
}
"""SKUs that each kind of account can have."""
UPGRADES = {"storage": "StorageV2", "blobstorage": "StorageV2"}
SERVICES = {
    "Storage": ("blob", "queue", "table", "file"),
    "StorageV2": ("dfs", "web", "blob", "queue", "table", "file"),
    "BlobStorage": ("dfs", "blob", "table"),
    "BlockBlobStorage": ("dfs", "web", "blob"),
    "FileStorage": ("file",),
}
"""Endpoints of each kind of account."""
WEB_ZONES = {
    "westus": 22, "eastus": 13, "eastus2": 20, "westus2": 5, "westeurope": 6, "northeurope": 16, "southcentralus": 21,
    "centralus": 19, "eastus2euap": 3, "centraluseuap": 2, "westcentralus": 4, "westus3": 1, "francecentral": 28,
}  # fmt: skip
"""Numbers in the host names of static websites."""
PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
FIXED = ("isHnsEnabled", "isNfsV3Enabled")
"""What is decided when the account is made."""


def tier(sku: str) -> str:
    """Standard or Premium."""
    return "Premium" if sku.startswith("Premium") else "Standard"


def fill(write: Write) -> None:
    """Complete an account: tier, encryption, network rules, endpoints."""
    body, mine = write.body, write.body["properties"]
    if not isinstance(body.get("sku"), dict) or not isinstance(body["sku"].get("name"), str):
        invalid("sku")
    sku = next((name for name in SKUS if name.lower() == body["sku"]["name"].lower()), None)
    if sku is None:
        invalid("sku.name")
    kind = _kind(write)
    if sku not in KINDS[kind]:
        invalid("sku")
    body["sku"] = {"name": sku, "tier": tier(sku)}
    body["kind"] = kind
    if kind != "Storage":
        premium = tier(sku) == "Premium"
        if mine.get("accessTier") is None and kind != "FileStorage":
            if kind == "BlobStorage" and write.created:
                invalid("accessTier")
            mine["accessTier"] = "Premium" if premium else "Hot"
    _encryption(write)
    _network(mine["networkAcls"])
    mine["creationTime"] = write.old("properties.creationTime") or stamp(write.now)
    region = write.location
    mine["primaryLocation"], mine["statusOfPrimary"] = region, "available"
    mine["primaryEndpoints"] = endpoints(write, kind, "")
    for name in ("secondaryLocation", "statusOfSecondary", "secondaryEndpoints"):
        mine.pop(name, None)
    redundancy = sku.partition("_")[2]
    if "G" in redundancy:
        mine["secondaryLocation"] = regions().get(region, {}).get("paired") or region
        mine["statusOfSecondary"] = "available"
        if redundancy.startswith("RA"):
            mine["secondaryEndpoints"] = endpoints(write, kind, "-secondary")


def _kind(write: Write) -> str:
    asked = str(write.get("kind") or write.old("kind") or "")
    kind = next((name for name in KINDS if name.lower() == asked.lower()), None)
    if kind is None:
        invalid("kind")
    old = write.old("kind")
    if old is not None and old != kind and UPGRADES.get(old.lower()) != kind:
        refuse(
            "AccountKindChangeNotAllowed",
            f"Changing kind of the storage account {write.name} from {old} to {kind} is not allowed.",
        )
    return kind


def endpoints(write: Write, kind: str, suffix: str) -> Body:
    """URLs of the account's services; `suffix` is "-secondary" for the other region."""
    zone = f"z{WEB_ZONES.get(write.location, 1)}"
    routing = write.get("properties.routingPreference") or {}

    def urls(middle: str, services: tuple[str, ...]) -> Body:
        return {
            service: f"https://{write.name}{middle}{suffix}.{f'{zone}.' if service == 'web' else ''}{service}.core.windows.net/"
            for service in services
            if not (suffix and service == "file")
        }

    services = SERVICES[kind]
    found = urls("", services)
    if routing.get("publishMicrosoftEndpoints"):
        found["microsoftEndpoints"] = urls("-microsoftrouting", services)
    if routing.get("publishInternetEndpoints"):
        found["internetEndpoints"] = urls(
            "-internetrouting", tuple(one for one in services if one not in ("queue", "table"))
        )
    return found


def _encryption(write: Write) -> None:
    """Blobs and files are always encrypted; a key of the customer's has to be named."""
    mine = write.body["properties"]["encryption"]
    source = str(mine.get("keySource") or "Microsoft.Storage")
    words = ("Microsoft.Storage", "Microsoft.Keyvault")
    mine["keySource"] = next((word for word in words if word.lower() == source.lower()), None) or invalid(
        "encryption.keySource"
    )
    services = mine.setdefault("services", {})
    for service in ("file", "blob"):
        services.setdefault(service, {})
    for name, given in list(services.items()):
        if not isinstance(given, dict):
            invalid(f"encryption.services.{name}")
        old = write.old(f"properties.encryption.services.{name}") or {}
        services[name] = {
            "keyType": old.get("keyType") or given.get("keyType") or "Account",
            "enabled": True,
            "lastEnabledTime": old.get("lastEnabledTime") or stamp(write.now),
        }
    if mine["keySource"] == "Microsoft.Storage":
        mine.pop("keyvaultproperties", None)
        return
    vault = next((value for name, value in list(mine.items()) if name.lower() == "keyvaultproperties"), None)
    if not isinstance(vault, dict) or not vault.get("keyvaulturi") or not vault.get("keyname"):
        invalid("encryption.keyVaultProperties")
    current = _versioned(write, vault)
    if not current:
        vault.pop("currentVersionedKeyIdentifier", None)
    elif vault.get("currentVersionedKeyIdentifier") != current:
        vault["currentVersionedKeyIdentifier"], vault["lastKeyRotationTimestamp"] = current, stamp(write.now)
    vault.setdefault("currentVersionedKeyExpirationTimestamp", "1970-01-01T00:00:00.0000000Z")
    identity = (write.body.get("identity") or {}).get("type") or "None"
    if identity == "None" and write.created:
        refuse(
            "StorageAccountIdentityNotFound",
            "An identity is needed for a storage account whose encryption uses a key of a key vault.",
        )


def _versioned(write: Write, asked: Body) -> str:
    """The version of the vault's key that encrypts from now on: the one that is named, else the newest.

    "" for a key that is not known here, as one of a vault in another subscription, which Azure allows: nothing is made up.
    """
    from azlabs.simulator.data_planes.key_vault.objects import vault_named

    address, name = str(asked["keyvaulturi"]).rstrip("/"), str(asked["keyname"])
    vault = vault_named(write.store, address.rpartition("/")[2].partition(".")[0], write.now)
    key = vault.get("keys", name) if vault is not None else None
    version = key.version(str(asked.get("keyversion") or "")) if key is not None else None
    return f"{address}/keys/{name}/{version['version']}" if version is not None else ""


def _network(rules: Body) -> None:
    """Addresses are public, single ones are written without a mask, no network is smaller than four."""
    for index, rule in enumerate(rules["ipRules"]):
        if not isinstance(rule, dict) or not isinstance(rule.get("value"), str):
            invalid(f"networkAcls.ipRules[{index}].value")
        rule.setdefault("action", "Allow")
        text = rule["value"]
        try:
            network = ipaddress.IPv4Network(text, strict=False)
        except ValueError:
            invalid(f"networkAcls.ipRules[{index}].value")
        if any(network.subnet_of(one) for one in PRIVATE) or ("/" in text and network.prefixlen > 30):
            invalid(f"networkAcls.ipRules[{index}].value")
    for rule in rules["virtualNetworkRules"]:
        if isinstance(rule, dict):
            rule.setdefault("action", "Allow")
            rule["state"] = "Succeeded"


def validate(write: Write) -> None:
    """What Azure refuses of a complete account."""
    mine = write.body["properties"]
    for name in FIXED:
        old = write.old(f"properties.{name}")
        if write.before is not None and mine.get(name) is not None and bool(old) != bool(mine[name]):
            refuse(
                "AccountPropertyCannotBeUpdated",
                f"The property '{name}' was specified in the input, but it cannot be updated as it is read-only after the "
                "account is created.",
            )
    days = (mine.get("keyPolicy") or {}).get("keyExpirationPeriodInDays")
    if mine.get("keyPolicy") is not None and (type(days) is not int or days < 1):
        invalid("keyPolicy.keyExpirationPeriodInDays")
    if mine.get("isSftpEnabled") and not mine.get("isHnsEnabled"):
        invalid("isSftpEnabled")
    _immutability(write, mine.get("immutableStorageWithVersioning"))
    for rule in mine["networkAcls"]["virtualNetworkRules"]:
        _subnet(write, str(rule.get("id") or ""))


def _immutability(write: Write, settings: Body | None) -> None:
    code = "InvalidStorageAccountImmutabilityPolicy"
    policy = (settings or {}).get("immutabilityPolicy")
    if not isinstance(settings, dict) or not isinstance(policy, dict):
        return
    if not settings.get("enabled"):
        refuse(
            code, "Storage account level default immutability policy cannot be set as account level WORM is disabled"
        )
    if policy.get("state") is None or policy.get("immutabilityPeriodSinceCreationInDays") is None:
        refuse(
            code,
            "The required property immutabilityPolicy.state, immutabilityPolicy.immutabilityPeriodSinceCreationInDays is missing.",
        )
    old = write.old("properties.immutableStorageWithVersioning.immutabilityPolicy") or {}
    before, days = old.get("state"), policy["immutabilityPeriodSinceCreationInDays"]
    if before == "Locked":
        if policy["state"] != "Locked":
            refuse(code, "The immutability policy state cannot be changed once Locked.")
        if days < old["immutabilityPeriodSinceCreationInDays"]:
            refuse(code, "The immutabilityPeriodSinceCreationInDays can only be extended for a Locked policy.")
        if bool(policy.get("allowProtectedAppendWrites")) != bool(old.get("allowProtectedAppendWrites")):
            refuse(code, "Request parameters are invalid: allowProtectedAppendWrites.")
    words = ("Unlocked", "Disabled", "Locked") if before in ("Unlocked", "Locked") else ("Unlocked", "Disabled")
    if policy["state"] not in words:
        refuse(
            code,
            f'Storage account immutability policy state can be set to "{", ".join(words)}". Note that the immutability '
            "state can either be Disabled or Unlocked during account creation.",
        )
    if type(days) is not int or not 1 <= days <= 146_000:
        refuse(code, "Request parameters are invalid: immutabilityPeriodSinceCreationInDays.")
    policy.setdefault("allowProtectedAppendWrites", False)


def _subnet(write: Write, id: str) -> None:
    """A subnet has to exist and to have a service endpoint for storage."""
    subnet = write.find(id) if id.startswith("/") else None
    if subnet is None:
        refuse(
            "NetworkAclsValidationFailure",
            f"Validation of network acls failure: SubnetsNotFound:The subnet {id} was not found.",
        )
    services = [
        str(one.get("service", "")).lower() for one in (subnet.get("properties") or {}).get("serviceEndpoints") or []
    ]
    if not {"microsoft.storage", "microsoft.storage.global"} & set(services):
        parts = id.split("/")
        refuse(
            "NetworkAclsValidationFailure",
            f"Validation of network acls failure: SubnetsHaveNoServiceEndpointsConfigured:Subnets {parts[-1]} of virtual network "
            f"{'/'.join(parts[:-2])} do not have ServiceEndpoints for Microsoft.Storage resources configured. Add Microsoft.Storage "
            "to subnet's ServiceEndpoints collection before trying to ACL Microsoft.Storage resources to these subnets..",
        )
