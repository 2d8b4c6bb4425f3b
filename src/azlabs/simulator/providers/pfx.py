"""What a PFX (a certificate with its key) says, for the services that take one."""

from __future__ import annotations

import base64
import binascii

from azlabs.simulator.resource_manager.errors import refuse
from azlabs.simulator.resource_manager.resource_type import Body


def read(value: object, password: object) -> Body:
    """What a PFX in base64 says of its certificate. Refuses what cannot be read."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        raw = base64.b64decode(str(value), validate=True)
        _key, found, _more = pkcs12.load_key_and_certificates(raw, str(password or "").encode() or None)
    except (ValueError, binascii.Error):
        found = None
    if found is None:
        refuse("CertificateInvalid", "The certificate or its password is not valid.")
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    return {
        "subjectName": found.subject.rfc4514_string(), "subjectAlternativeNames": names, "issuer": found.issuer.rfc4514_string(),
        "issueDate": found.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%S"),
        "expirationDate": found.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%S"),
        "thumbprint": found.fingerprint(hashes.SHA1()).hex().upper(),
    }  # fmt: skip
