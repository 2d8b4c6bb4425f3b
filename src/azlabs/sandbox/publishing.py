"""Publishing code to a function app, as Azure's own tools do it: a zip to the app's deployment engine.

    publish(cloud, "func-answers", [folder])

What `.funcignore` of the first folder names stays out, as do caches and variables of the learner's own machine.
"""

from __future__ import annotations

import fnmatch
import io
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from azlabs.cloud import Cloud
from azlabs.cloud.errors import error_from
from azlabs.errors import AzlabsError
from azlabs.progress import Event, Progress, silent

IGNORE_FILE = ".funcignore"
_NEVER = (".env", ".git", ".venv", "__pycache__", "local.settings.json", IGNORE_FILE)
_AUDIENCE = "https://management.azure.com"
_FAILED, _SUCCESS = 3, 4
_IN_PROGRESS = 409
_FIRST_LOOK_SECONDS = 0.05
# The same bytes for the same files, whenever they were written.
_MOMENT = (1980, 1, 1, 0, 0, 0)


class PublishingFailed(AzlabsError):
    """The deployment engine did not take the package, or could not build it; the message is its own."""


def publish(
    cloud: Cloud, app: str, folders: Sequence[Path], progress: Progress = silent, *, patience_seconds: float = 900.0
) -> None:
    """Publish the files of some folders (a later one wins) to the app of this name, and wait until it is done.

    Raises PublishingFailed, AzureError.
    """
    progress(Event("Microsoft.Web/sites", app, "running", "publish"))
    try:
        _publish(cloud, app, package(folders), patience_seconds, progress)
    except AzlabsError as problem:
        progress(Event("Microsoft.Web/sites", app, "failed", problem.message))
        raise
    progress(Event("Microsoft.Web/sites", app, "done", "published"))


def package(folders: Sequence[Path]) -> bytes:
    """The zip of the files of some folders, a later folder's in place of an earlier one's."""
    files: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise PublishingFailed(f"There is no folder {folder}.", action="Check the path.", code="FolderNotFound")
        files |= dict(_files(folder, _ignored(folders[0])))
    if "host.json" not in files:
        raise PublishingFailed(
            f"{folders[0]} holds no host.json, so it is no function app.",
            action="Publish the folder that has host.json and function_app.py at its top.",
            code="NotAFunctionApp",
        )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name].read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of an app's folder that are published, by name."""
    return _files(folder, _ignored(folder))


def _ignored(folder: Path) -> tuple[str, ...]:
    file = folder / IGNORE_FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return (*_NEVER, *(line.strip().strip("/") for line in lines if line.strip() and not line.startswith("#")))


def _files(folder: Path, ignored: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    def out(name: str) -> bool:
        return any(fnmatch.fnmatchcase(one, pattern) for pattern in ignored for one in (name, name.rpartition("/")[2]))

    for root, folders, names in os.walk(folder):
        above = Path(root).relative_to(folder).as_posix()
        start = "" if above == "." else f"{above}/"
        folders[:] = sorted(one for one in folders if not out(start + one))
        for name in sorted(names):
            if not out(start + name) and (Path(root) / name).is_file():
                yield start + name, Path(root) / name


def _publish(cloud: Cloud, app: str, content: bytes, patience_seconds: float, progress: Progress) -> None:
    engine = f"https://{app.rpartition('/')[2]}.scm.azurewebsites.net"
    end, pause = time.monotonic() + patience_seconds, _FIRST_LOOK_SECONDS
    identifier = _hand_over(cloud, app, engine, content, end)
    while True:
        found = cloud.send("GET", f"{engine}/api/deployments/{identifier}", audience=_AUDIENCE)
        if found.status >= 400 and found.status != 404:
            raise _refused(app, found.status, found.content)
        body: dict[str, Any] = found.json if isinstance(found.json, dict) else {}
        if body.get("status") == _SUCCESS:
            return
        if body.get("status") == _FAILED:
            raise PublishingFailed(
                f"The code could not be published to {app}: {body.get('status_text') or 'no reason was given'}",
                action="Correct it and publish again.",
                code="PublishingFailed",
            )
        if body.get("progress"):
            progress(Event("Microsoft.Web/sites", app, "running", str(body["progress"])))
        if time.monotonic() > end:
            raise PublishingFailed(
                f"Publishing to {app} did not end within {patience_seconds:.0f} seconds.",
                action="Look at the deployments of the app in the Azure portal.",
                code="PublishingTimedOut",
            )
        time.sleep(pause)
        pause = min(2 * pause, cloud.place.poll_seconds)


def _hand_over(cloud: Cloud, app: str, engine: str, content: bytes, end: float) -> str:
    """Give the package to the deployment engine, once a deployment that was begun before is over; the id of this one."""
    headers = {"content-type": "application/zip"}
    url = f"{engine}/api/publish?RemoteBuild=true&Deployer=azlabs"
    while True:
        said = cloud.send("POST", url, headers=headers, content=content, audience=_AUDIENCE, seconds=300)
        if said.status < 400:
            return str(said.json or said.text).strip()
        if said.status != _IN_PROGRESS or b"in progress" not in said.content or time.monotonic() > end:
            raise _refused(app, said.status, said.content)
        time.sleep(cloud.place.poll_seconds)


def _refused(app: str, status: int, content: bytes) -> AzlabsError:
    if content[:1] in (b"{", b"["):
        return error_from(status, content, f"publish to {app}")
    text = content.decode("utf-8", "replace").strip() or f"status {status}"
    return PublishingFailed(f"The code could not be published to {app}: {text}", code="PublishingFailed")
