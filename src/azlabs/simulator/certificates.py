"""The private authority of the https listener, and certificates for the names it answers to.

Made once per folder; every file is readable by its owner only. `cryptography` is imported only when something has to be made.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azlabs.files import locked, write_private

LOOPBACK = ("localhost", "127.0.0.1", "::1")
CLOUD_NAMES = (
    "management.azure.com", "login.microsoftonline.com", "graph.microsoft.com", "api.loganalytics.io",
    "*.documents.azure.com", "*.servicebus.windows.net", "*.vault.azure.net", "*.blob.core.windows.net",
    "*.queue.core.windows.net", "*.table.core.windows.net", "*.file.core.windows.net", "*.azurewebsites.net",
    "*.scm.azurewebsites.net", "*.openai.azure.com", "*.cognitiveservices.azure.com", "*.search.windows.net",
    "*.api.cognitive.microsoft.com", "in.applicationinsights.azure.com", "*.in.applicationinsights.azure.com", "*.azurecr.io",
    "*.azconfig.io", "*.livediagnostics.monitor.azure.com", "*.sdk.monitor.azure.com", "*.services.visualstudio.com",
    "*.ods.opinsights.azure.com", "*.loganalytics.io", "*.loganalytics.azure.com", "*.applicationinsights.io",
)  # fmt: skip
"""Public names under which unmodified programs look for Azure."""
AUTHORITY_YEARS, LEAF_DAYS, RENEWED_BEFORE_DAYS = 10, 720, 60
_DAY = 86400


@dataclass(frozen=True, slots=True)
class Certificate:
    """`chain`: PEM of the certificate and its authority; `key`: PEM of its private key; `authority`: what clients trust."""

    authority: Path
    chain: Path
    key: Path


def certificate(folder: Path, names: Iterable[str] = LOOPBACK + CLOUD_NAMES) -> Certificate:
    """The certificate for these DNS names and addresses, issued by the folder's authority; both are made when missing or old.

    Safe for several processes at once. Raises OSError when the folder cannot be written.
    """
    wanted = sorted(set(names))
    stem = "listener-" + hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:12]
    found = Certificate(folder / "ca.pem", folder / f"{stem}.pem", folder / f"{stem}.key")
    if _fresh(found):
        return found
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(folder / "lock"):
        if not _fresh(found):
            _make(folder, found, wanted)
    return found


def _fresh(found: Certificate) -> bool:
    try:
        made = found.chain.stat().st_mtime
        newer = found.authority.stat().st_mtime <= made
        return newer and found.key.exists() and time.time() - made < (LEAF_DAYS - RENEWED_BEFORE_DAYS) * _DAY
    except OSError:
        return False


def _make(folder: Path, found: Certificate, names: list[str]) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    ca_key, ca = _authority(folder, found.authority)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "azlabs simulator")])
    leaf = (
        _builder(subject, ca.subject, key.public_key(), LEAF_DAYS)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, _sha256())
    )
    pem = serialization.Encoding.PEM
    write_private(found.key, _private(key))
    write_private(found.chain, leaf.public_bytes(pem) + ca.public_bytes(pem))


def _authority(folder: Path, path: Path) -> tuple[Any, Any]:
    """Key and certificate of the authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key_path = folder / "ca.key"
    if path.exists() and key_path.exists():
        ca = x509.load_pem_x509_certificate(path.read_bytes())
        if ca.not_valid_after_utc.timestamp() - time.time() > LEAF_DAYS * _DAY:
            return serialization.load_pem_private_key(key_path.read_bytes(), None), ca
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "azlabs simulator authority")])
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    ca = (
        _builder(name, name, key.public_key(), AUTHORITY_YEARS * 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, _sha256())
    )
    write_private(key_path, _private(key))
    write_private(path, ca.public_bytes(serialization.Encoding.PEM))
    return key, ca


def _builder(subject: Any, issuer: Any, public_key: Any, days: int) -> Any:
    from datetime import UTC, datetime, timedelta

    from cryptography import x509

    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _general_name(name: str) -> Any:
    import ipaddress

    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: Any) -> bytes:
    from cryptography.hazmat.primitives import serialization

    raw: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return raw


def _sha256() -> Any:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()
