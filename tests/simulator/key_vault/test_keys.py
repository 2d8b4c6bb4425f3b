"""Keys through the real clients: what one does with a key is undone by the other side's real cryptography."""

from __future__ import annotations

import hashlib
import json

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.keys import KeyClient, KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm, SignatureAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from tests.simulator.key_vault.conftest import URL, Credential, World

from azlabs.simulator import TENANT_ID, Request
from azlabs.simulator.data_planes.key_vault import crypto


@pytest.fixture
def keys(world: World) -> KeyClient:
    return world.client(KeyClient)


def remote(world: World, key: object, **members: object) -> dict[str, object]:
    """An operation on the server: the SDK would do the public half itself."""
    path = f"{str(key).removeprefix(URL)}/{members.pop('operation')}"
    body = json.dumps(members).encode()
    token = {"Authorization": f"Bearer {world.simulator.owner_token()}"}
    answer = world.simulator.handle(Request("POST", f"{URL}{path}?api-version=7.4", token, body))
    found: dict[str, object] = answer.json()
    return found


def crypto_client(world: World, key: object) -> CryptographyClient:
    from azlabs.cloud.transport import InProcessTransport

    def send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> object:
        answer = world.simulator.handle(Request(method, url, headers, body))
        return answer.status, answer.headers, answer.body

    return CryptographyClient(key, Credential(world.simulator), transport=InProcessTransport(send))


def test_a_key_shows_its_public_part_only(world: World, keys: KeyClient) -> None:
    made = keys.create_rsa_key("r", size=3072)
    assert made.key.n is not None
    assert len(made.key.n) == 384
    assert made.key.d is None
    assert made.key_operations == ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]
    curve = keys.create_ec_key("e", curve="P-384")
    assert (curve.key.crv, curve.key_operations) == ("P-384", ["sign", "verify"])
    with pytest.raises(HttpResponseError, match="BadParameter"):
        keys.create_rsa_key("odd", size=1000)
    with pytest.raises(HttpResponseError, match="Forbidden"):
        keys.create_rsa_key("h", hardware_protected=True)
    world.put(sku={"family": "A", "name": "premium"})
    assert keys.create_rsa_key("h", hardware_protected=True).key_type == "RSA-HSM"


@pytest.mark.parametrize(
    "algorithm", [EncryptionAlgorithm.rsa_oaep, EncryptionAlgorithm.rsa_oaep_256, EncryptionAlgorithm.rsa1_5]
)
def test_what_the_client_encrypts_the_vault_decrypts(
    world: World, keys: KeyClient, algorithm: EncryptionAlgorithm
) -> None:
    client = crypto_client(world, keys.create_rsa_key("r"))
    assert client.decrypt(algorithm, client.encrypt(algorithm, b"secret text").ciphertext).plaintext == b"secret text"


def test_the_vault_encrypts_and_wraps_too(world: World, keys: KeyClient) -> None:
    key = keys.create_rsa_key("r")
    sealed = remote(world, key.id, operation="encrypt", alg="RSA-OAEP-256", value=crypto.encode(b"text"))
    assert remote(world, key.id, operation="decrypt", alg="RSA-OAEP-256", value=sealed["value"])[
        "value"
    ] == crypto.encode(b"text")
    client = crypto_client(world, key)
    wrapped = client.wrap_key(KeyWrapAlgorithm.rsa_oaep, b"0" * 32)
    assert client.unwrap_key(KeyWrapAlgorithm.rsa_oaep, wrapped.encrypted_key).key == b"0" * 32
    bad = remote(world, key.id, operation="decrypt", alg="RSA-OAEP", value=crypto.encode(b"x" * 256))
    assert bad["error"] == {"code": "BadParameter", "message": "The parameter is incorrect."}


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521", "P-256K"])
def test_signatures_of_curves_are_verified_by_both_sides(world: World, keys: KeyClient, curve: str) -> None:
    key = keys.create_ec_key("e", curve=curve)
    algorithm = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "P-256K": "ES256K"}[curve]
    digest = {"ES256": hashlib.sha256, "ES384": hashlib.sha384, "ES512": hashlib.sha512, "ES256K": hashlib.sha256}[
        algorithm
    ](b"x").digest()
    client = crypto_client(world, key)
    signed = client.sign(SignatureAlgorithm(algorithm), digest).signature
    assert client.verify(SignatureAlgorithm(algorithm), digest, signed).is_valid
    facts = {"operation": "verify", "alg": algorithm, "digest": crypto.encode(digest)}
    assert remote(world, key.id, value=crypto.encode(signed), **facts) == {"value": True}
    assert remote(world, key.id, value=crypto.encode(signed[::-1]), **facts) == {"value": False}


def test_signatures_of_rsa_keys_hold_outside(world: World, keys: KeyClient) -> None:
    key = keys.create_rsa_key("r")
    public = rsa.RSAPublicNumbers(int.from_bytes(key.key.e), int.from_bytes(key.key.n)).public_key()
    digest = hashlib.sha512(b"x").digest()
    client = crypto_client(world, key)
    public.verify(
        client.sign(SignatureAlgorithm.rs512, digest).signature, digest, padding.PKCS1v15(), Prehashed(hashes.SHA512())
    )
    pss = padding.PSS(padding.MGF1(hashes.SHA512()), 64)
    public.verify(client.sign(SignatureAlgorithm.ps512, digest).signature, digest, pss, Prehashed(hashes.SHA512()))
    wrong = remote(world, key.id, operation="sign", alg="RS256", value=crypto.encode(digest))
    assert wrong["error"]["code"] == "BadParameter"  # type: ignore[index]
    assert (
        remote(world, key.id, operation="sign", alg="ES512", value=crypto.encode(digest))["error"]["code"]
        == "BadParameter"
    )  # type: ignore[index]


def test_an_imported_key_is_the_same_key(world: World, keys: KeyClient) -> None:
    from azure.keyvault.keys import JsonWebKey

    own = ec.generate_private_key(ec.SECP256R1())
    numbers = own.private_numbers()
    x, y = (value.to_bytes(32) for value in (numbers.public_numbers.x, numbers.public_numbers.y))
    jwk = JsonWebKey(kty="EC", crv="P-256", x=x, y=y, d=numbers.private_value.to_bytes(32), key_ops=["sign"])
    key = keys.import_key("mine", jwk)
    digest = hashlib.sha256(b"x").digest()
    signed = crypto_client(world, key).sign(SignatureAlgorithm.es256, digest).signature
    half = len(signed) // 2
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    raw = encode_dss_signature(int.from_bytes(signed[:half]), int.from_bytes(signed[half:]))
    own.public_key().verify(raw, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    refused = remote(
        world, key.id, operation="verify", alg="ES256", digest=crypto.encode(digest), value=crypto.encode(signed)
    )
    assert refused["error"]["innererror"]["code"] == "KeyOperationForbidden"  # type: ignore[index]
    assert serialization.Encoding.PEM is not None


def test_disabled_and_expired_keys_do_nothing_new(world: World, keys: KeyClient) -> None:
    key = keys.create_rsa_key("r")
    sealed = remote(world, key.id, operation="encrypt", alg="RSA-OAEP", value=crypto.encode(b"text"))["value"]
    now = int(world.simulator.clock.now())
    from datetime import UTC, datetime

    keys.update_key_properties("r", expires_on=datetime.fromtimestamp(now - 5, UTC))
    again = remote(world, key.id, operation="encrypt", alg="RSA-OAEP", value=crypto.encode(b"text"))
    assert again["error"]["innererror"]["code"] == "KeyExpired"  # type: ignore[index]
    assert remote(world, key.id, operation="decrypt", alg="RSA-OAEP", value=sealed)["value"] == crypto.encode(b"text")
    keys.update_key_properties("r", enabled=False)
    refused = remote(world, key.id, operation="decrypt", alg="RSA-OAEP", value=sealed)
    assert refused["error"]["innererror"]["code"] == "KeyDisabled"  # type: ignore[index]
    assert keys.get_key("r").properties.enabled is False


def test_keys_rotate_on_request_and_when_their_policy_says_so(world: World, keys: KeyClient) -> None:
    first = keys.create_rsa_key("r")
    second = keys.rotate_key("r")
    assert (first.key.n != second.key.n, first.properties.version != second.properties.version) == (True, True)
    default = keys.get_key_rotation_policy("r")
    assert [(one.action, one.time_before_expiry) for one in default.lifetime_actions] == [("Notify", "P30D")]
    rule = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P60D")
    policy = KeyRotationPolicy()
    updated = keys.update_key_rotation_policy("r", policy, expires_in="P90D", lifetime_actions=[rule])
    assert updated.expires_in == "P90D"
    world.simulator.clock.advance(61 * 86400)
    fresh = keys.get_key("r")
    assert fresh.properties.version not in (first.properties.version, second.properties.version)
    assert int(fresh.properties.expires_on.timestamp()) == int(fresh.properties.created_on.timestamp()) + 90 * 86400
    assert len(list(keys.list_properties_of_key_versions("r"))) == 3
    with pytest.raises(HttpResponseError, match="at least"):
        keys.update_key_rotation_policy("r", policy, expires_in="P3D")


def test_deleted_keys_come_back_with_their_material(world: World, keys: KeyClient) -> None:
    key = keys.create_rsa_key("r")
    sealed = crypto_client(world, key).encrypt(EncryptionAlgorithm.rsa_oaep, b"x").ciphertext
    kept = keys.backup_key("r")
    keys.begin_delete_key("r").wait()
    with pytest.raises(ResourceNotFoundError):
        keys.get_key("r")
    keys.begin_recover_deleted_key("r").wait()
    keys.begin_delete_key("r").wait()
    keys.purge_deleted_key("r")
    restored = keys.restore_key_backup(kept)
    assert crypto_client(world, restored).decrypt(EncryptionAlgorithm.rsa_oaep, sealed).plaintext == b"x"


def test_each_use_of_a_key_needs_its_permission(world: World, keys: KeyClient) -> None:
    ada = world.person()
    key = keys.create_rsa_key("r")
    grant = {"tenantId": TENANT_ID, "objectId": ada.object_id, "permissions": {"keys": ["get", "wrapKey"]}}
    world.put(accessPolicies=[grant])
    token = {"Authorization": f"Bearer {world.simulator.token(ada, 'https://vault.azure.net')}"}

    def use(operation: str) -> int:
        body = json.dumps({"alg": "RSA-OAEP", "value": crypto.encode(b"x")}).encode()
        return world.simulator.handle(Request("POST", f"{key.id}/{operation}?api-version=7.4", token, body)).status

    assert [use(operation) for operation in ("wrapkey", "unwrapkey", "encrypt", "sign")] == [200, 403, 403, 403]
