"""Environments, apps with revisions, jobs, certificates."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from azlabs.simulator import Answer

from ..clients import client
from ..library import Arm, code

VERSION = "2024-03-01"
IMAGE = {"name": "web", "image": "nginx"}


class Apps:
    """Requests to Microsoft.App in a group with an environment."""

    def __init__(self, arm: Arm) -> None:
        self.arm, self.group = arm, arm.group()
        self.root = f"{self.group}/providers/Microsoft.App"
        self.environment = f"{self.root}/managedEnvironments/env"
        self.app = f"{self.root}/containerApps/app"
        assert self("PUT", self.environment, {"location": "westeurope", "properties": {}}).status == 201

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        return self.arm(method, path, body, version=VERSION)

    def make(self, configuration: Any = None, name: str = "app", **template: Any) -> Answer:
        properties = {"environmentId": self.environment, "configuration": configuration or {}}
        properties["template"] = {"containers": [IMAGE], **template}
        return self("PUT", f"{self.root}/containerApps/{name}", {"location": "westeurope", "properties": properties})

    def revisions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("GET", f"{self.app}/revisions").json()["value"]
        return found


@pytest.fixture
def apps(arm: Arm) -> Apps:
    return Apps(arm)


def test_an_environment_is_announced_and_then_done(apps: Apps) -> None:
    answer = apps("PUT", f"{apps.root}/managedEnvironments/two", {"location": "westeurope", "properties": {}})
    assert answer.json()["properties"]["provisioningState"] == "Waiting"
    url = answer.headers["Azure-AsyncOperation"]
    assert [apps("GET", url).json()["status"] for _ in range(2)] == ["InProgress", "Succeeded"]
    shown = apps("GET", f"{apps.root}/managedEnvironments/two").json()
    assert shown["properties"]["workloadProfiles"] == [{"workloadProfileType": "Consumption", "name": "Consumption"}]


def test_an_app_needs_its_environment(apps: Apps) -> None:
    body = {
        "location": "westeurope",
        "properties": {"environmentId": f"{apps.environment}x", "template": {"containers": [IMAGE]}},
    }
    refused = apps("PUT", apps.app, body)
    assert (refused.status, code(refused)) == (404, "ManagedEnvironmentNotFound")


def test_a_changed_template_is_a_revision_and_the_old_one_stops(apps: Apps) -> None:
    apps.make()
    apps.make()
    assert len(apps.revisions()) == 1
    apps.make(revisionSuffix="two", scale={"minReplicas": 2})
    found = {one["name"].partition("--")[2]: one["properties"]["active"] for one in apps.revisions()}
    assert found["two"] is True and sorted(found.values()) == [False, True]


def test_with_several_revisions_traffic_is_split(apps: Apps) -> None:
    ingress = {"external": True, "targetPort": 80}
    apps.make({"activeRevisionsMode": "Multiple", "ingress": ingress}, revisionSuffix="one")
    split = [{"revisionName": "app--one", "weight": 80}, {"latestRevision": True, "weight": 20}]
    apps.make(
        {"activeRevisionsMode": "Multiple", "ingress": {**ingress, "traffic": split}},
        revisionSuffix="two",
        terminationGracePeriodSeconds=9,
    )
    assert {one["name"]: one["properties"]["trafficWeight"] for one in apps.revisions()} == {
        "app--one": 80,
        "app--two": 20,
    }
    refused = apps("POST", f"{apps.app}/revisions/app--one/deactivate")
    assert code(refused) == "RevisionHasTraffic"
    wrong = apps.make(
        {"activeRevisionsMode": "Multiple", "ingress": {**ingress, "traffic": [{"latestRevision": True, "weight": 90}]}}
    )
    assert wrong.status == 400


def test_secrets_are_listed_and_never_shown(apps: Apps) -> None:
    apps.make({"secrets": [{"name": "key", "value": "one"}]})
    assert apps("GET", apps.app).json()["properties"]["configuration"]["secrets"] == [{"name": "key"}]
    assert apps("POST", f"{apps.app}/listSecrets").json()["value"] == [{"name": "key", "value": "one"}]
    assert code(apps.make({"secrets": [{"name": "other"}]})) == "ContainerAppSecretInvalid"


def test_references_to_secrets_have_to_lead_somewhere(apps: Apps) -> None:
    registry = {"server": "r.azurecr.io", "username": "r", "passwordSecretRef": "none"}
    assert code(apps.make({"registries": [registry]})) == "ContainerAppRegistriesPasswordSecretRefNotFound"
    assert (
        code(apps.make(containers=[{**IMAGE, "env": [{"name": "A", "secretRef": "none"}]}]))
        == "ContainerAppSecretRefNotFound"
    )


def test_cores_and_memory_belong_together(apps: Apps) -> None:
    assert (
        code(apps.make(containers=[{**IMAGE, "resources": {"cpu": 1, "memory": "1Gi"}}]))
        == "ContainerAppInvalidResourceTotal"
    )


def test_an_environment_with_apps_stays(apps: Apps) -> None:
    apps.make()
    assert apps("DELETE", apps.environment).status == 409
    assert apps("DELETE", apps.app).status == 202
    assert apps("DELETE", apps.environment).status == 202


def test_a_job_is_started_and_leaves_an_execution(apps: Apps) -> None:
    job = f"{apps.root}/jobs/job"
    properties = {
        "environmentId": apps.environment,
        "configuration": {"triggerType": "Manual"},
        "template": {"containers": [IMAGE]},
    }
    assert apps("PUT", job, {"location": "westeurope", "properties": properties}).status == 201
    started = apps("POST", f"{job}/start").json()
    assert [one["name"] for one in apps("GET", f"{job}/executions").json()["value"]] == [started["name"]]
    properties["configuration"] = {"triggerType": "Schedule", "scheduleTriggerConfig": {"cronExpression": "often"}}
    assert (
        code(apps("PUT", job, {"location": "westeurope", "properties": properties}))
        == "ContainerAppJobInvalidCronExpression"
    )


def test_certificates_are_read(apps: Apps) -> None:
    path = f"{apps.environment}/certificates/cert"
    made = apps(
        "PUT", path, {"location": "westeurope", "properties": {"value": pfx("www.contoso.com"), "password": "pw"}}
    )
    assert made.json()["properties"]["subjectName"] == "CN=www.contoso.com"
    wrong = apps("PUT", path, {"location": "westeurope", "properties": {"value": pfx("a.com"), "password": "other"}})
    assert code(wrong) == "CertificateInvalid"


def pfx(name: str) -> str:
    """A certificate with its key, the password being "pw"."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import pkcs12

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start + timedelta(days=9)).sign(
        key, hashes.SHA256()
    )
    raw = pkcs12.serialize_key_and_certificates(b"c", key, made, None, serialization.BestAvailableEncryption(b"pw"))
    return base64.b64encode(raw).decode()


def test_the_real_sdk_makes_an_app(apps: Apps) -> None:
    from azure.mgmt.appcontainers import ContainerAppsAPIClient

    sdk = client(ContainerAppsAPIClient, apps.arm.simulator)
    body = {
        "location": "westeurope",
        "properties": {"environmentId": apps.environment, "template": {"containers": [IMAGE]}},
    }
    made = sdk.container_apps.begin_create_or_update("rg", "app", body).result()
    assert made.latest_revision_name.startswith("app--")
    sdk.container_apps.begin_delete("rg", "app").result()
    assert list(sdk.container_apps.list_by_resource_group("rg")) == []
