"""X.509: certificate requests, self-signed certificates, what is in a certificate, PFX and PEM."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from azlabs.simulator.data_planes.key_vault import crypto
from azlabs.simulator.data_planes.key_vault.errors import bad_parameter

Body = dict[str, Any]
PFX, PEM = "application/x-pkcs12", "application/x-pem-file"
EARLY = timedelta(minutes=10)
"""A new certificate is valid from ten minutes before it was made."""
USAGES = {
    "digitalSignature": "digital_signature", "nonRepudiation": "content_commitment", "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment", "keyAgreement": "key_agreement", "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign", "encipherOnly": "encipher_only", "decipherOnly": "decipher_only",
}  # fmt: skip
WORDS = {
    "CN": "2.5.4.3", "C": "2.5.4.6", "L": "2.5.4.7", "ST": "2.5.4.8", "S": "2.5.4.8", "STREET": "2.5.4.9", "O": "2.5.4.10",
    "OU": "2.5.4.11", "DC": "0.9.2342.19200300.100.1.25", "E": "1.2.840.113549.1.9.1", "SERIALNUMBER": "2.5.4.5", "T": "2.5.4.12",
    "G": "2.5.4.42", "SN": "2.5.4.4", "UID": "0.9.2342.19200300.100.1.1",
}  # fmt: skip
SHOWN_WORDS = {oid: word for word, oid in WORDS.items() if word != "ST"}
_PART = re.compile(r'\s*([A-Za-z.0-9]+)\s*=\s*("(?:[^"]|"")*"|[^,;+]*)\s*(?:[,;+]|$)')


def name_of(subject: str) -> Any:
    """An X.509 name of text like "C=US, O=Contoso, CN=www.contoso.com": the last part comes first, as Windows encodes it."""
    from cryptography import x509

    parts, at = [], 0
    while at < len(subject):
        match = _PART.match(subject, at)
        oid = WORDS.get(match[1].upper(), match[1] if match[1][0].isdigit() else "") if match else ""
        if match is None or not oid:
            raise bad_parameter(f"Property subject '{subject}' is not an X.500 name.")
        value = match[2].strip().strip('"').replace('""', '"')
        try:
            parts.append(x509.NameAttribute(x509.ObjectIdentifier(oid), value))
        except (ValueError, TypeError):
            raise bad_parameter(f"Property subject '{subject}' is not an X.500 name.") from None
        at = match.end()
    return x509.Name(list(reversed(parts)))


def text_of(name: Any) -> str:
    """The text of an X.509 name, as the service writes it."""
    parts = [f"{SHOWN_WORDS.get(one.oid.dotted_string, one.oid.dotted_string)}={one.value}" for one in name]
    return ", ".join(reversed(parts))


def _extensions(policy: Body) -> list[tuple[Any, bool]]:
    from cryptography import x509

    wanted = policy["x509_props"]
    usages = {USAGES[word] for word in wanted.get("key_usage") or ["digitalSignature", "keyEncipherment"]}
    if not usages & {"key_agreement"}:
        usages -= {"encipher_only", "decipher_only"}
    found: list[tuple[Any, bool]] = [
        (x509.KeyUsage(**{name: name in usages for name in USAGES.values()}), True),
        (x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in wanted["ekus"]]), False)
        if wanted.get("ekus")
        else (None, False),
        (x509.BasicConstraints(bool((wanted.get("basic_constraints") or {}).get("ca")), None), False),
    ]
    sans = wanted.get("sans") or {}
    names: list[Any] = [x509.DNSName(name) for name in sans.get("dns_names") or []]
    names += [x509.RFC822Name(name) for name in sans.get("emails") or []]
    names += [x509.IPAddress(ipaddress.ip_address(one)) for one in sans.get("ip_addresses") or []]
    if names:
        found.append((x509.SubjectAlternativeName(names), False))
    return [one for one in found if one[0] is not None]


def _add(builder: Any, policy: Body) -> Any:
    try:
        for extension, critical in _extensions(policy):
            builder = builder.add_extension(extension, critical)
    except (ValueError, TypeError) as problem:
        raise bad_parameter(f"The x509 properties of the policy are not valid: {problem}") from None
    return builder


def _hash(key: Any) -> Any:
    from cryptography.hazmat.primitives import hashes

    return {384: hashes.SHA384(), 521: hashes.SHA512()}.get(key.key_size, hashes.SHA256())


def request(material: str, policy: Body) -> str:
    """A certificate signing request, DER in base64."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    key = crypto.load(material)
    builder = x509.CertificateSigningRequestBuilder().subject_name(name_of(policy["x509_props"].get("subject") or ""))
    signed = _add(builder, policy).sign(key, _hash(key))
    return base64.b64encode(signed.public_bytes(Encoding.DER)).decode()


def self_signed(material: str, policy: Body, now: float) -> str:
    """A certificate that its own key signed, DER in base64."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    key = crypto.load(material)
    name = name_of(policy["x509_props"].get("subject") or "")
    start = datetime.fromtimestamp(int(now), UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - EARLY)
        .not_valid_after(_months_later(start, int(policy["x509_props"].get("validity_months") or 12)))
    )
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    signed = _add(builder, policy).sign(key, _hash(key))
    return base64.b64encode(signed.public_bytes(Encoding.DER)).decode()


def _months_later(start: datetime, months: int) -> datetime:
    month = start.month - 1 + months
    year, month = start.year + month // 12, month % 12 + 1
    last = (datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC) - timedelta(days=1)).day
    return start.replace(year=year, month=month, day=min(start.day, last))


def load(der: str) -> Any:
    """A certificate of DER in base64 (spaces and line ends allowed). Raises ValueError."""
    from cryptography import x509

    return x509.load_der_x509_certificate(base64.b64decode("".join(der.split()), validate=True))


def facts(der: str) -> Body:
    """{"nbf", "exp", "x5t", "subject", "sans"?, "ekus", "key_usage", "ca", "months"} of a certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    found = load(der)
    start, end = found.not_valid_before_utc, found.not_valid_after_utc
    shown: Body = {
        "nbf": int(start.timestamp()), "exp": int(end.timestamp()), "x5t": crypto.encode(found.fingerprint(hashes.SHA1())),
        "subject": text_of(found.subject), "ekus": [], "key_usage": [], "ca": False,
        "months": (end.year - start.year) * 12 + end.month - start.month + (1 if (end.day, end.time()) > (start.day, start.time()) else 0),
    }  # fmt: skip
    for extension in found.extensions:
        value = extension.value
        if isinstance(value, x509.ExtendedKeyUsage):
            shown["ekus"] = [oid.dotted_string for oid in value]
        elif isinstance(value, x509.BasicConstraints):
            shown["ca"] = value.ca
        elif isinstance(value, x509.KeyUsage):
            shown["key_usage"] = [word for word, name in USAGES.items() if _has(value, name)]
        elif isinstance(value, x509.SubjectAlternativeName):
            shown["sans"] = {
                "emails": value.get_values_for_type(x509.RFC822Name), "dns_names": value.get_values_for_type(x509.DNSName), "upns": [],
            }  # fmt: skip
    return shown


def _has(usage: Any, name: str) -> bool:
    try:
        return bool(getattr(usage, name))
    except ValueError:
        return False  # encipher_only and decipher_only mean nothing without key_agreement


def packed(material: str, chain: list[str], content: str) -> str:
    """The secret of a certificate: PFX without a password in base64, or PEM. `material` "": without the private key."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.serialization import pkcs12

    certificates = [load(one) for one in chain]
    key = crypto.load(material) if material else None
    if content == PEM:
        blocks = [] if key is None else [
            key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        ]  # fmt: skip
        return b"".join(blocks + [one.public_bytes(form.Encoding.PEM) for one in certificates]).decode()
    raw = pkcs12.serialize_key_and_certificates(None, key, certificates[0], certificates[1:], form.NoEncryption())
    return base64.b64encode(raw).decode()


def unpacked(value: str, password: Any) -> tuple[str, list[str], str]:
    """(private material, chain with the leaf first, content type) of an imported PFX or PEM; 400 for anything else."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.serialization import pkcs12

    secret = str(password).encode() if password else None
    try:
        raw = value.encode() if "-----BEGIN" in value else base64.b64decode(value)
        if b"-----BEGIN" in raw:
            key: Any = form.load_pem_private_key(_key_block(raw), secret)
            certificates = x509.load_pem_x509_certificates(raw)
            content = PEM
        else:
            key, leaf, others = pkcs12.load_key_and_certificates(raw, secret)
            certificates = [one for one in (leaf, *others) if one is not None]
            content = PFX
    except (ValueError, TypeError, binascii.Error):
        raise bad_parameter("The specified PKCS#12 or PEM content can not be read. Please check if certificate is in valid format "
                            "and that the password is right.") from None  # fmt: skip
    if key is None or not certificates:
        raise bad_parameter("The content has no certificate with its private key.")
    material = crypto.dump(key)
    chain = matching([base64.b64encode(one.public_bytes(form.Encoding.DER)).decode() for one in certificates], material)
    if chain is None:
        raise bad_parameter("The private key of the content does not belong to any of its certificates.")
    return material, chain, content


def _key_block(pem: bytes) -> bytes:
    """The private key of a PEM file, which may stand behind the certificates. Raises ValueError when there is none."""
    found = re.search(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", pem, re.DOTALL)
    if found is None:
        raise ValueError("no private key")
    return found[0]


def matching(chain: list[str], material: str) -> list[str] | None:
    """The chain with the certificate of this key first; None where none is of this key, or one cannot be read."""
    own = crypto.load(material).public_key().public_numbers()
    try:
        leaf = next((one for one in chain if load(one).public_key().public_numbers() == own), None)
    except (ValueError, binascii.Error, AttributeError):
        return None
    return [leaf, *(one for one in chain if one != leaf)] if leaf is not None else None
