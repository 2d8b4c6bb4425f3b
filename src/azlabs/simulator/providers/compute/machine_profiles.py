"""Profiles of machines, alone or in a scale set: what Azure completes, and what it refuses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from azlabs.simulator.providers.compute import sizes
from azlabs.simulator.providers.compute.base import invalid, missing
from azlabs.simulator.resource_manager.errors import not_modelled

if TYPE_CHECKING:
    from azlabs.simulator.providers.compute.sources import Source
    from azlabs.simulator.resource_manager.calls import Write

Body = dict[str, Any]
RESERVED = frozenset({
    "administrator", "admin", "user", "user1", "test", "user2", "test1", "user3", "admin1", "1", "123", "a", "actuser", "adm", "admin2",
    "aspnet", "backup", "console", "david", "guest", "john", "owner", "root", "server", "sql", "support", "support_388945a0", "sys",
    "test2", "test3", "user4", "user5",
})  # fmt: skip
"""Names that an administrator may not have. Source: Microsoft's FAQ on virtual machines."""
WEAK = frozenset({"abc@123", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word", "pass@word1", "Password!", "Password1",
                  "Password22", "iloveyou!"})  # fmt: skip
CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")
DISALLOWED = set("`~!@#$%^&*()=+_[]{}\\|;:.'\",<>/?")


def size_of(name: Any, location: str, target: str = "vmSize") -> sizes.Size:
    """The size with this name. Refuses names that no size has."""
    found = sizes.find(str(name or ""))
    if found is None and sizes.named_like_a_size(str(name or "")):
        raise not_modelled(f"virtual machine size {name}")
    if found is None:
        known = ",".join(sorted(size.name for size in sizes.sizes().values()))
        invalid(
            f"The value {name} provided for the VM size is not valid. The valid sizes in the current region are: {known}. Find out "
            f"more on the valid VM sizes in each region at https://aka.ms/azure-regionservices. (location {location})",
            target,
        )
    return found


def complete_os(profile: Body, os: str, *, patches: bool = True) -> None:
    """Defaults of an `osProfile` for machines with this system."""
    profile.setdefault("secrets", [])
    profile.setdefault("allowExtensionOperations", True)
    profile.setdefault("requireGuestProvisionSignal", True)
    if isinstance(profile["allowExtensionOperations"], str):
        profile["allowExtensionOperations"] = profile["allowExtensionOperations"].lower() == "true"
    if os == "Linux":
        mine = profile.setdefault("linuxConfiguration", {})
        mine.setdefault("disablePasswordAuthentication", False)
        mine.setdefault("provisionVMAgent", True)
        mode = "ImageDefault"
    else:
        mine = profile.setdefault("windowsConfiguration", {})
        mine.setdefault("provisionVMAgent", True)
        mine.setdefault("enableAutomaticUpdates", True)
        mode = "AutomaticByOS" if mine["enableAutomaticUpdates"] else "Manual"
    if patches and mine["provisionVMAgent"]:
        settings = mine.setdefault("patchSettings", {})
        settings.setdefault("patchMode", mode)
        settings.setdefault("assessmentMode", "ImageDefault")


def complete_storage(profile: Body, source: Source | None, size: sizes.Size, *, delete_option: str | None = "Detach") -> None:
    """Defaults of a `storageProfile` whose system disk is made of `source`; `delete_option` None shows none."""
    profile.setdefault("dataDisks", [])
    disk = profile.setdefault("osDisk", {})
    disk.setdefault("createOption", "FromImage")
    disk.setdefault("caching", "ReadWrite" if delete_option else "None")
    if source is not None:
        disk.setdefault("osType", source.os)
        if source.exact and "version" in profile.get("imageReference", {}) and delete_option:
            profile["imageReference"]["exactVersion"] = source.exact
        if source.generation == "V2":
            profile.setdefault("diskControllerType", "SCSI")
    kind = "Premium_LRS" if size.premium else "Standard_LRS"
    if disk["createOption"] != "Attach":
        if "vhd" not in disk:
            disk.setdefault("managedDisk", {}).setdefault("storageAccountType", kind)
        if source is not None and source.size_gb:
            disk.setdefault("diskSizeGB", source.size_gb)
    for item in [disk, *profile["dataDisks"]]:
        if delete_option:
            item.setdefault("deleteOption", delete_option)
    for item in profile["dataDisks"]:
        item.setdefault("createOption", "Empty")
        item.setdefault("caching", "None")
        if "vhd" not in item and item["createOption"] != "Attach":
            item.setdefault("managedDisk", {}).setdefault("storageAccountType", kind)


def complete_applications(profile: Body) -> None:
    """Defaults of the gallery applications of an `applicationProfile`."""
    for item in (profile.get("applicationProfile") or {}).get("galleryApplications") or []:
        for member in ("manuallyManaged", "treatFailureAsDeploymentFailure", "enableAutomaticUpgrade"):
            item.setdefault(member, False)


def check_os(write: Write, profile: Body, request: Body, os: str, target: str = "") -> None:
    """Names and passwords as Azure wants them; `request` is the profile with its secrets."""
    user, password = profile.get("adminUsername"), request.get("adminPassword")
    if not user:
        missing(f"{target}osProfile.adminUsername")
    if str(user).lower() in RESERVED:
        invalid(
            "The Admin Username specified is not allowed. For more information about disallowed usernames, see "
            "https://aka.ms/vmosprofile",
            "adminUsername",
        )
    most = 20 if os == "Windows" else 64
    if len(str(user)) > most or str(user).endswith(".") or re.search(r"[\\/\[\]:|<>+=;,?*@&\"]", str(user)):
        invalid(f"The Admin Username specified is too long or has characters that are not allowed (at most {most}).", "adminUsername")
    closed = os == "Linux" and profile.get("linuxConfiguration", {}).get("disablePasswordAuthentication")
    keys = profile.get("linuxConfiguration", {}).get("ssh", {}).get("publicKeys") or []
    if closed and not keys:
        invalid("Authentication using either SSH or by user name and password must be enabled in Linux profile.", "linuxConfiguration")
    if password is None:
        if write.created and not closed and not (os == "Linux" and keys):
            missing("adminPassword")
    else:
        check_password(str(password), os)
    for key in keys:
        _check_key(key, str(user))


def check_password(password: str, os: str) -> None:
    """12 to 123 (Linux: 6 to 72) characters of three classes."""
    least, most = (8, 123) if os == "Windows" else (6, 72)
    classes = sum(bool(re.search(one, password)) for one in CLASSES)
    if not least <= len(password) <= most or classes < 3 or password in WEAK:
        invalid(
            f"The supplied password must be between {least}-{most} characters long and must satisfy at least 3 of password complexity "
            "requirements from the following:\r\n1) Contains an uppercase character\r\n2) Contains a lowercase character\r\n3) "
            "Contains a numeric digit\r\n4) Contains a special character\r\n5) Control characters are not allowed",
            "adminPassword",
        )


def _check_key(key: Body, user: str) -> None:
    path = str(key.get("path") or f"/home/{user}/.ssh/authorized_keys")
    if path != f"/home/{user}/.ssh/authorized_keys":
        invalid(
            f"Destination path for SSH public keys is currently limited to its default value /home/{user}/.ssh/authorized_keys  due to a "
            "known issue in Linux provisioning agent.",
            "linuxConfiguration.ssh.publicKeys.path",
        )
    if not str(key.get("keyData") or "").startswith(("ssh-", "ecdsa-", "sk-")):
        invalid("The value of parameter linuxConfiguration.ssh.publicKeys.keyData is invalid.", "linuxConfiguration.ssh.publicKeys.keyData")


def check_computer_name(name: Any, os: str) -> None:
    """Windows: at most 15 characters, not all digits; Linux: at most 64."""
    if not name:
        missing("osProfile.computerName")
    text = str(name)
    if os == "Windows" and (len(text) > 15 or text.isdecimal() or DISALLOWED & set(text)):
        invalid(
            "Windows computer name cannot be more than 15 characters long, be entirely numeric, or contain the following characters: "
            "` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : . ' \" , < > / ?.",
            "computerName",
        )
    if os == "Linux" and (len(text) > 64 or text[-1] in ".-" or (DISALLOWED - {"."}) & set(text)):
        invalid(
            "Linux host name cannot exceed 64 characters in length or contain the following characters: ` ~ ! @ # $ % ^ & * ( ) = + _ [ "
            "] { } \\ | ; : ' \" , < > / ?.",
            "computerName",
        )


def check_data_disks(write: Write, items: list[Body], size: sizes.Size) -> None:
    """Each in a slot of its own, not more than the size has."""
    luns = [item.get("lun") for item in items]
    for item in items:
        if type(item.get("lun")) is not int or not 0 <= item["lun"] < 64:
            missing("dataDisk.lun")
        if item["createOption"] == "Empty" and type(item.get("diskSizeGB")) is not int and not (item.get("managedDisk") or {}).get("id"):
            missing("dataDisk.diskSizeGB")
    double = next((lun for lun in luns if luns.count(lun) > 1), None)
    if double is not None:
        invalid(f"A disk at LUN {double} already exists.", "dataDisk.lun")
    if len(items) > size.disks:
        write.refuse(
            "OperationNotAllowed",
            f"The maximum number of data disks allowed to be attached to a VM of this size is {size.disks}.",
            409,
            target="dataDisks",
        )
