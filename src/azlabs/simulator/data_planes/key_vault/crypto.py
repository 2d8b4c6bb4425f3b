"""Key material and what is done with it. `cryptography` is imported inside the functions: only vaults in use pay for it.

Private material is kept as PKCS #8 in base64; numbers of JSON web keys are base64url without padding.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Any

from azlabs.simulator.data_planes.key_vault.errors import bad_parameter

Body = dict[str, Any]
CURVES = {
    "P-256": ("SECP256R1", 32),
    "P-384": ("SECP384R1", 48),
    "P-521": ("SECP521R1", 66),
    "P-256K": ("SECP256K1", 32),
}
RSA_SIZES = (2048, 3072, 4096)
EXPONENT = 65537
RSA_OPERATIONS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
EC_OPERATIONS = ["sign", "verify"]
HASHES = {"256": ("SHA256", 32), "384": ("SHA384", 48), "512": ("SHA512", 64)}
SIGNATURES = {
    **{f"{family}{size}": (family, size, "") for family in ("RS", "PS") for size in HASHES},
    "ES256": ("ES", "256", "P-256"), "ES384": ("ES", "384", "P-384"), "ES512": ("ES", "512", "P-521"),
    "ES256K": ("ES", "256", "P-256K"),
}  # fmt: skip
"""Algorithm to (family, size of its digest, curve it needs)."""
ENCRYPTIONS = ("RSA1_5", "RSA-OAEP", "RSA-OAEP-256")


def encode(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: Any, what: str) -> bytes:
    """Bytes of base64url text; 400 for anything else."""
    if not isinstance(text, str):
        raise bad_parameter(f"Property '{what}' is missing or not base64url text.")
    try:
        return base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise bad_parameter(f"Property '{what}' is not base64url text.") from None


def family(kty: str) -> str:
    """ "RSA", "EC" or "oct" of a key type, with or without -HSM."""
    return kty.removesuffix("-HSM")


def generate(kty: str, size: Any, curve: Any) -> str:
    """New private material for a request's kty, key_size and crv."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if family(kty) == "RSA":
        if size is not None and size not in RSA_SIZES:
            raise bad_parameter(f"Property key_size has to be one of {', '.join(map(str, RSA_SIZES))}.")
        return _dump(rsa.generate_private_key(EXPONENT, size or RSA_SIZES[0]))
    name = curve or "P-256"
    if name not in CURVES:
        raise bad_parameter(f"Property crv has to be one of {', '.join(CURVES)}.")
    return _dump(ec.generate_private_key(getattr(ec, CURVES[name][0])()))


def imported(jwk: Body) -> str:
    """Private material out of a JSON web key with its private members."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    def number(member: str) -> int:
        return int.from_bytes(decode(jwk.get(member), member))

    kty = family(str(jwk.get("kty", "")))
    try:
        if kty == "RSA":
            n, e, d = number("n"), number("e"), number("d")
            if all(jwk.get(member) for member in ("p", "q", "dp", "dq", "qi")):
                p, q, dp, dq, qi = (number(member) for member in ("p", "q", "dp", "dq", "qi"))
            else:
                p, q = rsa.rsa_recover_prime_factors(n, e, d)
                dp, dq, qi = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
            return _dump(rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, rsa.RSAPublicNumbers(e, n)).private_key())
        curve = getattr(ec, CURVES[str(jwk.get("crv"))][0])()
        public = ec.EllipticCurvePublicNumbers(number("x"), number("y"), curve)
        return _dump(ec.EllipticCurvePrivateNumbers(number("d"), public).private_key())
    except (ValueError, KeyError):
        raise bad_parameter("The key of the request is not a valid private key.") from None


def _dump(key: Any) -> str:
    from cryptography.hazmat.primitives import serialization as form

    raw = key.private_bytes(form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption())
    return base64.b64encode(raw).decode()


dump = _dump


@lru_cache(maxsize=64)
def load(material: str) -> Any:
    """The private key of stored material."""
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    return load_der_private_key(base64.b64decode(material), None)


def public_members(material: str) -> Body:
    """kty (without -HSM) and the public members of the JSON web key."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    numbers = load(material).public_key().public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    name, width = next((name, width) for name, (curve, width) in CURVES.items() if curve.lower() == numbers.curve.name)
    return {"kty": "EC", "crv": name, "x": encode(numbers.x.to_bytes(width)), "y": encode(numbers.y.to_bytes(width))}


def _number(value: int) -> str:
    return encode(value.to_bytes((value.bit_length() + 7) // 8))


def key_size(material: str) -> int:
    """Bits of the modulus or of the curve."""
    return int(load(material).key_size)


def _padding(algorithm: str) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    if algorithm == "RSA1_5":
        return padding.PKCS1v15()
    chosen = hashes.SHA256() if algorithm == "RSA-OAEP-256" else hashes.SHA1()
    return padding.OAEP(padding.MGF1(chosen), chosen, None)


def encrypt(material: str, algorithm: str, value: bytes) -> bytes:
    """Encrypt, or wrap, with an RSA key."""
    _check_encryption(material, algorithm)
    try:
        encrypted: bytes = load(material).public_key().encrypt(value, _padding(algorithm))
    except ValueError:
        raise bad_parameter("The value is too long for the key.") from None
    return encrypted


def decrypt(material: str, algorithm: str, value: bytes) -> bytes:
    """Decrypt, or unwrap, with an RSA key."""
    _check_encryption(material, algorithm)
    try:
        decrypted: bytes = load(material).decrypt(value, _padding(algorithm))
    except ValueError:
        raise bad_parameter("The parameter is incorrect.") from None
    return decrypted


def _check_encryption(material: str, algorithm: str) -> None:
    if algorithm not in ENCRYPTIONS or public_members(material)["kty"] != "RSA":
        raise bad_parameter(
            f"Key and signing algorithm are incompatible or the algorithm '{algorithm}' is not supported."
        )


def _signing(material: str, algorithm: str, digest: bytes) -> tuple[str, Any, Any]:
    """(family, hash, key); 400 where algorithm, key and digest do not fit."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import utils

    members = public_members(material)
    kind, size, curve = SIGNATURES.get(algorithm, ("", "", ""))
    fits = members["kty"] == "RSA" if kind in ("RS", "PS") else members.get("crv") == curve
    if not kind or not fits:
        raise bad_parameter(
            f"Key and signing algorithm are incompatible. Key type {members['kty']}, algorithm '{algorithm}'."
        )
    name, width = HASHES[size]
    if len(digest) != width:
        raise bad_parameter(
            f"Invalid length of 'value': {len(digest)} bytes. It has to be {width} bytes for {algorithm}."
        )
    chosen = getattr(hashes, name)()
    return kind, chosen, utils.Prehashed(chosen)


def _signature_padding(kind: str, chosen: Any) -> Any:
    from cryptography.hazmat.primitives.asymmetric import padding

    return padding.PKCS1v15() if kind == "RS" else padding.PSS(padding.MGF1(chosen), chosen.digest_size)


def sign(material: str, algorithm: str, digest: bytes) -> bytes:
    """Sign a digest; ECDSA signatures are the two numbers side by side."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    kind, chosen, hashed = _signing(material, algorithm, digest)
    key = load(material)
    if kind != "ES":
        signed: bytes = key.sign(digest, _signature_padding(kind, chosen), hashed)
        return signed
    width = CURVES[public_members(material)["crv"]][1]
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(hashed)))
    return r.to_bytes(width) + s.to_bytes(width)


def verify(material: str, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Is this the signature of the digest?"""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    kind, chosen, hashed = _signing(material, algorithm, digest)
    public = load(material).public_key()
    try:
        if kind == "ES":
            half = len(signature) // 2
            raw = utils.encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
            public.verify(raw, digest, ec.ECDSA(hashed))
        else:
            public.verify(signature, digest, _signature_padding(kind, chosen), hashed)
    except InvalidSignature:
        return False
    return True
