"""Packages on their way into function apps: the deployment engine, where packages are kept, who may publish."""

from __future__ import annotations

import base64
import http.client
import ssl
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from azlabs.simulator.functions.log import Log
from azlabs.simulator.functions.publishing import packages

from ..scene import BLOB_CONTRIBUTOR, BLOB_READER, STORAGE, WEB, Scene, hello, zipped


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Scene() as made:
        yield made


def current(scene: Scene, id: str) -> Path | None:
    found = packages.current(scene.simulator, scene.cloud.home, id)
    return found.folder if found is not None else None


def log_of(scene: Scene, app: str) -> list[str]:
    return [entry["message"] for entry in scene.scm("GET", app, "/api/deployments/latest/log").json()]


def test_a_flex_app_keeps_its_package_in_its_container(scene: Scene) -> None:
    id = scene.flex()
    scene.allow(BLOB_CONTRIBUTOR)
    assert current(scene, id) is None
    done = scene.publish("func-flex", hello())
    assert (done["status"], done["active"], done["deployer"]) == (4, True, "az_cli")
    folder = current(scene, id)
    assert folder is not None
    assert (folder / "function_app.py").read_text() == hello()["function_app.py"]
    assert (folder / "oryx-manifest.toml").is_file()
    blobs = BlobServiceClient.from_connection_string(scene.connection_string(), transport=scene.cloud.open_transport())
    assert [one.name for one in blobs.get_container_client("releases").list_blobs()] == ["released-package.zip"]


def test_without_the_right_to_write_the_deployment_fails_as_on_azure(scene: Scene) -> None:
    id = scene.flex()
    scene.allow(BLOB_READER)
    done = scene.publish("func-flex", hello())
    assert done["status"] == 3
    assert "container 'releases' of 'stharbour'" in done["status_text"]
    assert "AuthorizationPermissionMismatch" in done["status_text"]
    assert current(scene, id) is None


def test_an_app_that_may_no_longer_read_its_package_says_so(scene: Scene) -> None:
    id = scene.flex()
    scene.allow(BLOB_CONTRIBUTOR)
    scene.publish("func-flex", hello())
    assignments = scene.cloud.items(f"{scene.storage}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01")
    for one in list(assignments):
        if one["properties"]["principalId"] == scene.principal_id:
            scene.arm("DELETE", one["id"], "2022-04-01")
    assert current(scene, id) is None
    assert "403" in packages.problem(scene.simulator, scene.cloud.home, id)


def test_what_was_published_before_stays_until_another_package_is_good(scene: Scene) -> None:
    id = scene.flex()
    scene.allow(BLOB_CONTRIBUTOR)
    scene.publish("func-flex", hello())
    before = current(scene, id)
    assert scene.publish("func-flex", hello(**{"requirements.txt": "no such thing\n"}))["status"] == 3
    assert "line 1" in log_of(scene, "func-flex")[-1]
    assert current(scene, id) == before
    assert scene.publish("func-flex", hello(**{"more.py": "x = 1\n"}))["status"] == 4
    assert current(scene, id) != before
    shown = scene.scm("GET", "func-flex", "/api/deployments").json()
    assert [(one["status"], one["active"]) for one in shown] == [(4, True), (3, False), (4, False)]
    arm = scene.arm("GET", f"{id}/deployments", WEB)["value"]
    assert {one["properties"]["status"] for one in arm} == {3, 4}


def test_a_snapshot_of_the_cloud_holds_the_package(scene: Scene) -> None:
    id = scene.flex()
    scene.allow(BLOB_CONTRIBUTOR)
    scene.publish("func-flex", hello())
    before, taken = current(scene, id), scene.cloud.snapshot()
    scene.publish("func-flex", hello(**{"more.py": "x = 1\n"}))
    assert current(scene, id) != before
    scene.cloud.restore(taken)
    assert current(scene, id) == before


@pytest.mark.parametrize(
    ("package", "status", "said"),
    [
        (b"this is no zip", 400, "not a zip file"),
        (zipped({"host.json": "{}", "../../etc/cron": "x"}), 400, "leads out of the app's folder"),
        (zipped({"host.json": "{}", "/etc/cron": "x"}), 400, "leads out of the app's folder"),
    ],
)
def test_a_package_that_cannot_be_taken_is_refused_at_once(scene: Scene, package: bytes, status: int, said: str) -> None:
    scene.flex()
    answer = scene.scm("POST", "func-flex", "/api/publish?RemoteBuild=true", package)
    assert answer.status == status
    assert said in answer.body.decode()
    assert scene.scm("GET", "func-flex", "/api/deployments/latest").status == 404


def test_a_symbolic_link_is_refused(scene: Scene, tmp_path: Path) -> None:
    scene.flex()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        link = zipfile.ZipInfo("passwords")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    answer = scene.scm("POST", "func-flex", "/api/publish", (tmp_path / "a.zip").read_bytes())
    assert (answer.status, b"symbolic link" in answer.body) == (400, True)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"function_app.py": ""}, "no host.json at its root"),
        ({"app/host.json": "{}", "app/function_app.py": ""}, "zip what is in the folder, not the folder"),
    ],
)
def test_a_zip_that_holds_no_app_fails_with_a_sentence(scene: Scene, files: dict[str, str], said: str) -> None:
    scene.flex()
    scene.allow(BLOB_CONTRIBUTOR)
    done = scene.publish("func-flex", files)
    assert done["status"] == 3
    assert said in done["status_text"]


def test_publishing_needs_a_role(scene: Scene) -> None:
    scene.flex()
    nobody = scene.simulator.token(scene.simulator.sign_in_secret(scene.principal_id)[0])
    refused = scene.scm("GET", "func-flex", "/api/deployments", token=nobody)
    assert (refused.status, "Microsoft.Web/sites/publish" in refused.body.decode()) == (403, True)
    scene.allow("de139f84-1756-47ae-9be6-808fbbe84772", scope=scene.group)
    assert scene.scm("GET", "func-flex", "/api/deployments", token=nobody).status == 200
    assert scene.scm("GET", "func-flex", "/api/deployments", token="nonsense").status == 401


def test_the_publishing_user_may_publish_while_basic_authentication_is_on(scene: Scene) -> None:
    id = scene.dedicated()
    user = scene.arm("POST", f"{id}/config/publishingcredentials/list", WEB)["properties"]
    text = base64.b64encode(f"{user['publishingUserName']}:{user['publishingPassword']}".encode()).decode()
    assert scene.scm("GET", "func-b1", "/api/settings", Authorization=f"Basic {text}").json()["FUNCTIONS_WORKER_RUNTIME"] == "python"
    wrong = base64.b64encode(f"{user['publishingUserName']}:guess".encode()).decode()
    assert scene.scm("GET", "func-b1", "/api/settings", Authorization=f"Basic {wrong}").status == 401
    scene.arm("PUT", f"{id}/basicPublishingCredentialsPolicies/scm", WEB, {"properties": {"allow": False}})
    assert scene.scm("GET", "func-b1", "/api/settings", Authorization=f"Basic {text}").status == 401


def test_zip_deployment_to_a_dedicated_plan(scene: Scene) -> None:
    id = scene.dedicated()
    files = {**hello(), ".python_packages/lib/site-packages/harbour.py": "depth = 12\n"}
    answer = scene.scm("POST", "func-b1", "/api/zipdeploy?isAsync=true", zipped(files))
    assert answer.status == 202
    assert scene.deployed("func-b1")["status"] == 4
    folder = current(scene, id)
    assert folder is not None
    assert not (folder / "oryx-manifest.toml").exists()
    scene.settings(id, SCM_DO_BUILD_DURING_DEPLOYMENT="true")
    assert scene.scm("POST", "func-b1", "/api/zipdeploy", zipped(files)).status == 200
    folder = current(scene, id)
    assert folder is not None
    assert (folder / "oryx-manifest.toml").exists()
    assert scene.scm("POST", "func-b1", "/api/zipdeploy", zipped({"a.txt": "x"})).status == 400


def test_an_app_runs_from_the_package_that_a_url_points_to(scene: Scene) -> None:
    id = scene.dedicated()
    blobs = BlobServiceClient.from_connection_string(scene.connection_string(), transport=scene.cloud.open_transport())
    blobs.get_container_client("releases").upload_blob("v1.zip", zipped(hello()))
    scene.settings(id, WEBSITE_RUN_FROM_PACKAGE="https://stharbour.blob.core.windows.net/releases/v1.zip")
    assert current(scene, id) is None
    assert packages.problem(scene.simulator, scene.cloud.home, id)
    scene.settings(id, WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID=scene.identity)
    scene.allow(BLOB_READER)
    folder = current(scene, id)
    assert folder is not None
    assert (folder / "host.json").is_file()
    assert scene.scm("POST", "func-b1", "/api/zipdeploy", zipped(hello())).status == 409


def test_a_connection_string_opens_the_deployment_storage_until_keys_are_off(scene: Scene) -> None:
    id = scene.flex(settings={"DEPLOYMENT_STORAGE_CONNECTION_STRING": scene.connection_string()})
    config = scene.arm("GET", id, WEB)["properties"]["functionAppConfig"]
    config["deployment"]["storage"]["authentication"] = {
        "type": "StorageAccountConnectionString", "storageAccountConnectionStringName": "DEPLOYMENT_STORAGE_CONNECTION_STRING",
    }  # fmt: skip
    scene.arm("PATCH", id, WEB, {"properties": {"functionAppConfig": config}})
    assert scene.publish("func-flex", hello())["status"] == 4
    assert current(scene, id) is not None
    scene.arm("PATCH", scene.storage, STORAGE, {"properties": {"allowSharedKeyAccess": False}})
    assert "KeyBasedAuthenticationNotPermitted" in scene.publish("func-flex", hello(**{"a.py": ""}))["status_text"]


def test_what_the_engine_does_not_have_is_refused_by_name(scene: Scene) -> None:
    scene.flex()
    answer = scene.scm("POST", "func-flex", "/api/command", b"{}")
    assert (answer.status, answer.json()["error"]["code"]) == (501, "NotModelledBySimulator")
    assert scene.scm("GET", "no-such-app", "/api/deployments").status == 404


def test_the_log_is_streamed_and_can_be_read_from_any_place(scene: Scene) -> None:
    scene.flex()
    written = Log(scene.cloud.home, "func-flex")
    written.write("Information", "before")
    station = scene.cloud.station()
    context = ssl.create_default_context(cafile=station.record()["authority"])
    connection = http.client.HTTPSConnection("127.0.0.1", station.record()["https_port"], context=context, timeout=20)
    headers = {"Host": "func-flex.scm.azurewebsites.net", "Authorization": f"Bearer {scene.simulator.owner_token()}"}
    connection.request("GET", "/logstream/application", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    assert b"Welcome" in answer.readline()
    assert b"[Information]   before" in answer.readline()
    written.write("Error", "after")
    assert b"[Error]   after" in answer.readline()
    answer.close()
    connection.close()
    place = "/api/vfs/LogFiles/Application/Functions/Host/"
    assert [one["name"] for one in scene.scm("GET", "func-flex", place).json()] == ["log.jsonl"]
    whole = scene.scm("GET", "func-flex", f"{place}log.jsonl")
    assert whole.body.count(b"\n") == 2
    first = whole.body.index(b"\n") + 1
    rest = scene.scm("GET", "func-flex", f"{place}log.jsonl", Range=f"bytes={first}-")
    assert (rest.status, rest.body, rest.headers["ETag"]) == (206, whole.body[first:], whole.headers["ETag"])
    assert scene.scm("GET", "func-flex", f"{place}log.jsonl", Range=f"bytes={len(whole.body)}-").status == 416
    assert scene.scm("GET", "func-flex", f"{place}..%2Fsecret").status == 404
