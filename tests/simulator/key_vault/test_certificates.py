"""Certificates through the real client: issued, imported, merged; with the key and the secret that belong to them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.certificates import CertificateClient, CertificateContact, CertificatePolicy, WellKnownIssuerNames
from azure.keyvault.keys import KeyClient
from azure.keyvault.secrets import SecretClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from tests.simulator.key_vault.conftest import World

SELF = CertificatePolicy(
    issuer_name=WellKnownIssuerNames.self, subject="O=Contoso, CN=www.contoso.com", san_dns_names=["www.contoso.com"],
    validity_in_months=6,
)  # fmt: skip


@pytest.fixture
def certificates(world: World) -> CertificateClient:
    return world.client(CertificateClient)


def test_a_self_signed_certificate_is_issued_with_its_key_and_secret(
    world: World, certificates: CertificateClient
) -> None:
    made = certificates.begin_create_certificate("web", SELF).result()
    shown = certificates.get_certificate("web")
    leaf = x509.load_der_x509_certificate(bytes(shown.cer))
    assert leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == "www.contoso.com"
    leaf.verify_directly_issued_by(leaf)
    months = leaf.not_valid_after_utc - datetime.now(UTC)
    assert timedelta(days=180) < months < timedelta(days=185)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    assert names == ["www.contoso.com"]
    assert shown.properties.x509_thumbprint == leaf.fingerprint(hashes.SHA1())
    assert made.name == "web"
    secret = world.client(SecretClient).get_secret("web")
    key, found, _ = pkcs12.load_key_and_certificates(base64.b64decode(secret.value), None)
    assert found == leaf
    assert key.public_key() == leaf.public_key()
    assert secret.properties.content_type == "application/x-pkcs12"
    assert secret.properties.version == shown.properties.version
    public = world.client(KeyClient).get_key("web")
    assert public.properties.managed is True
    for delete in (world.client(SecretClient).begin_delete_secret, world.client(KeyClient).begin_delete_key):
        with pytest.raises(HttpResponseError, match="belongs to a certificate"):
            delete("web")


def test_the_policy_is_shown_and_changed(certificates: CertificateClient) -> None:
    certificates.begin_create_certificate("web", SELF).wait()
    policy = certificates.get_certificate_policy("web")
    assert (policy.issuer_name, policy.key_type, policy.key_size, policy.reuse_key) == ("Self", "RSA", 2048, False)
    policy._validity_in_months = 24
    assert certificates.update_certificate_policy("web", policy).validity_in_months == 24


def test_versions_attributes_and_lists(certificates: CertificateClient) -> None:
    for _ in range(2):
        certificates.begin_create_certificate("web", SELF, tags={"a": "b"}).wait()
    first, second = list(certificates.list_properties_of_certificate_versions("web"))
    assert first.version != second.version
    changed = certificates.update_certificate_properties("web", second.version, enabled=False, tags={"c": "d"})
    assert (changed.properties.enabled, changed.properties.tags) == (False, {"c": "d"})
    assert [one.name for one in certificates.list_properties_of_certificates()] == ["web"]
    assert certificates.get_certificate_version("web", first.version).properties.tags == {"a": "b"}


def test_a_deleted_certificate_takes_key_and_secret_along_and_back(
    world: World, certificates: CertificateClient
) -> None:
    certificates.begin_create_certificate("web", SELF).wait()
    value = world.client(SecretClient).get_secret("web").value
    kept = certificates.backup_certificate("web")
    certificates.begin_delete_certificate("web").wait()
    with pytest.raises(ResourceNotFoundError):
        world.client(SecretClient).get_secret("web")
    certificates.begin_recover_deleted_certificate("web").wait()
    assert world.client(SecretClient).get_secret("web").value == value
    certificates.begin_delete_certificate("web").wait()
    certificates.purge_deleted_certificate("web")
    certificates.restore_certificate_backup(kept)
    assert world.client(SecretClient).get_secret("web").value == value


def signed_by_somebody(request: x509.CertificateSigningRequest) -> x509.Certificate:
    authority, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority")])
    builder = x509.CertificateBuilder().subject_name(request.subject).issuer_name(name).public_key(request.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=90))
    return builder.sign(authority, hashes.SHA256())


def test_a_request_that_somebody_else_signed_is_merged(world: World, certificates: CertificateClient) -> None:
    policy = CertificatePolicy(issuer_name=WellKnownIssuerNames.unknown, subject="CN=merged")
    certificates.begin_create_certificate("m", policy)
    operation = certificates.get_certificate_operation("m")
    assert (operation.status, operation.issuer_name) == ("inProgress", "Unknown")
    request = x509.load_der_x509_csr(bytes(operation.csr))
    leaf = signed_by_somebody(request).public_bytes(serialization.Encoding.DER)
    with pytest.raises(HttpResponseError, match="BadParameter"):
        certificates.merge_certificate("m", [b"nonsense"])
    certificates.merge_certificate("m", [leaf])
    assert bytes(certificates.get_certificate("m").cer) == leaf
    assert world.client(SecretClient).get_secret("m").value
    certificates.delete_certificate_operation("m")
    with pytest.raises(ResourceNotFoundError):
        certificates.get_certificate_operation("m")


def test_pfx_and_pem_are_imported(world: World, certificates: CertificateClient) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "imported")])
    )
    leaf = signed_by_somebody(request.sign(key, hashes.SHA256()))
    sealed = serialization.BestAvailableEncryption(b"pw")
    pfx = pkcs12.serialize_key_and_certificates(b"x", key, leaf, None, sealed)
    made = certificates.import_certificate("p", pfx, password="pw")
    assert (made.policy.key_type, made.policy.key_curve_name, made.policy.subject) == ("EC", "P-256", "CN=imported")
    with pytest.raises(HttpResponseError, match="BadParameter"):
        certificates.import_certificate("q", pfx, password="wrong")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem += leaf.public_bytes(serialization.Encoding.PEM)
    policy = CertificatePolicy(issuer_name="Unknown", subject="CN=x", content_type="application/x-pem-file")
    certificates.import_certificate("e", pem, policy=policy)
    assert world.client(SecretClient).get_secret("e").value.startswith("-----BEGIN PRIVATE KEY-----")


def test_contacts_and_issuers_of_a_vault(certificates: CertificateClient) -> None:
    with pytest.raises(ResourceNotFoundError, match="Contacts not found"):
        certificates.get_contacts()
    certificates.set_contacts([CertificateContact(email="a@contoso.com")])
    assert [one.email for one in certificates.get_contacts()] == ["a@contoso.com"]
    certificates.delete_contacts()
    certificates.create_issuer("i", "Test", account_id="me", password="hidden")
    assert certificates.get_issuer("i").account_id == "me"
    assert [one.name for one in certificates.list_properties_of_issuers()] == ["i"]
    with pytest.raises(HttpResponseError) as refused:
        certificates.begin_create_certificate("ca", CertificatePolicy(issuer_name="i", subject="CN=x"))
    assert refused.value.status_code == 501
    certificates.delete_issuer("i")
    with pytest.raises(ResourceNotFoundError, match="Issuer i not found"):
        certificates.get_issuer("i")
