"""Where an app's package is kept, as its settings say.

Flex Consumption: `released-package.zip` in the container of functionAppConfig.deployment.storage, written and read as the
identity, or with the connection string, named there. Other plans: what WEBSITE_RUN_FROM_PACKAGE points to, else the store of
the site itself.
https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from azlabs.simulator.functions.bindings import storage
from azlabs.simulator.functions.model import FunctionProblem
from azlabs.simulator.functions.publishing import archives
from azlabs.simulator.http import Answer, Request, StreamedAnswer, dumps

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.records import Resource

RELEASED = "released-package.zip"
FROM_PACKAGE = "WEBSITE_RUN_FROM_PACKAGE"
FROM_PACKAGE_IDENTITY = "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"
FALSE = ("", "0")


@dataclass(frozen=True, slots=True)
class Container:
    """A blob container, with who opens it."""

    service: storage.Service
    name: str

    def stamp(self) -> str:
        """Changes with the package; "" when there is none. Raises `FunctionProblem` when it cannot be read."""
        answer = self.service.request("HEAD", f"{self.name}/{RELEASED}")
        return _stamp(answer, f"the package in the container '{self.name}' of '{self.service.account}'")

    def read(self) -> IO[bytes]:
        """The package. Raises `FunctionProblem`."""
        answer = self.service.request("GET", f"{self.name}/{RELEASED}")
        return _content(answer, f"the package in the container '{self.name}' of '{self.service.account}'")

    def write(self, package: IO[bytes]) -> None:
        """Put a package in its place. Raises `FunctionProblem`."""
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/zip"}
        answer = self.service.request("PUT", f"{self.name}/{RELEASED}", None, headers, package.read())
        if answer.status >= 300:
            raise FunctionProblem(
                f"The deployment storage, container '{self.name}' of '{self.service.account}', refused the package: {storage.said(answer)}"
            )


@dataclass(frozen=True, slots=True)
class Address:
    """Any URL that the simulator answers, read as a managed identity when one is named."""

    simulator: Simulator
    url: str
    headers: Mapping[str, str]

    def stamp(self) -> str:
        """See `Container`."""
        return _stamp(self._send("HEAD"), f"the package that {FROM_PACKAGE} points to")

    def read(self) -> IO[bytes]:
        """See `Container`."""
        return _content(self._send("GET"), f"the package that {FROM_PACKAGE} points to")

    def write(self, package: IO[bytes]) -> None:  # noqa: ARG002
        """Such a package is replaced by whoever owns the place."""
        raise FunctionProblem(f"The app runs from the package that the setting {FROM_PACKAGE} points to; upload the new one there.")

    def _send(self, method: str) -> Answer:
        return self.simulator.handle(Request(method, self.url, dict(self.headers)))


@dataclass(frozen=True, slots=True)
class Own:
    """The site's own store: the content lies on disk by its digest, and the site remembers the digest."""

    simulator: Simulator
    folder: Path
    key: str

    def stamp(self) -> str:
        """See `Container`."""
        with self.simulator.store.lock:
            row = self.simulator.store.get(self.key)
        return str(row.hidden.get("package", "")) if row is not None else ""

    def read(self) -> IO[bytes]:
        """See `Container`."""
        try:
            return (self.folder / f"{self.stamp()}.zip").open("rb")
        except OSError:
            raise FunctionProblem("The app's package is no longer on this computer; publish it again.") from None

    def write(self, package: IO[bytes]) -> None:
        """See `Container`."""
        digest = archives.digest(package)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self.folder / f"{digest}.zip"
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
            shutil.copyfileobj(package, file)
        Path(file.name).replace(target)
        store = self.simulator.store
        with store.writing():
            row = store.get(self.key)
            if row is None:
                raise FunctionProblem("The app was deleted while it was being published.")
            row.hidden_text = dumps({**row.hidden, "package": digest})
            store.update(row)
            kept = {str(one.hidden.get("package", "")) for one in sites(self.simulator)}
        for old in self.folder.glob("*.zip"):
            if old.stem not in kept:
                old.unlink(missing_ok=True)


Store = Container | Address | Own


def store_of(simulator: Simulator, home: Path, site_id: str) -> Store:
    """Where the package of a site is kept. Raises `FunctionProblem` when its settings do not say it in a usable way."""
    with simulator.store.lock:
        row = simulator.store.get(site_id.lower())
    if row is None:
        raise FunctionProblem("There is no such app.")
    config = (row.body.get("properties") or {}).get("functionAppConfig")
    if isinstance(config, dict):
        return _deployment_storage(simulator, row, config)
    wanted = settings_of(simulator, row.key).get(FROM_PACKAGE, "")
    if wanted.lower().startswith(("https://", "http://")):
        return _address(simulator, row, wanted)
    return Own(simulator, home / "functions" / "_content", row.key)


def settings_of(simulator: Simulator, key: str) -> dict[str, str]:
    """The app settings of a site as they are stored."""
    with simulator.store.lock:
        row = simulator.store.get(f"{key.lower()}/config/appsettings")
    properties = row.body.get("properties") if row is not None else None
    return {str(name): str(value) for name, value in (properties or {}).items()}


def token_of(simulator: Simulator, site_id: str, audience: str, identity: str) -> str:
    """A token of an identity of a site: the id of a user-assigned one, or "" for its own. Raises `FunctionProblem`."""
    found = simulator.directory.identities_of(site_id)
    if not any(id.lower() == identity.lower() for _, id in found):
        whose = f"the identity {identity.rpartition('/')[2]}" if identity else "a system-assigned identity"
        raise FunctionProblem(f"The deployment storage is to be opened as {whose}, which the app does not have.")
    hint = f"&mi_res_id={quote(identity, safe='')}" if identity else ""
    url = f"http://169.254.169.254/metadata/identity/oauth2/token?api-version=2019-08-01&resource={quote(audience, safe='')}{hint}"
    answer = simulator.handle(Request("GET", url, {"X-IDENTITY-HEADER": simulator.identity_header(site_id)}))
    if answer.status != 200:
        raise FunctionProblem(f"There is no token for the deployment storage: {answer.json().get('error_description', '')}.")
    return str(answer.json()["access_token"])


def _deployment_storage(simulator: Simulator, row: Resource, config: Mapping[str, Any]) -> Container:
    place = (config.get("deployment") or {}).get("storage") or {}
    url = urlsplit(str(place.get("value") or ""))
    name = url.path.strip("/")
    if not url.hostname or not name or "/" in name:
        raise FunctionProblem("functionAppConfig.deployment.storage.value is not the URL of a blob container.")
    proof = place.get("authentication") or {}
    kind = str(proof.get("type", "")).lower()
    endpoint = f"https://{url.hostname}"
    if kind == "storageaccountconnectionstring":
        setting = str(proof.get("storageAccountConnectionStringName") or "DEPLOYMENT_STORAGE_CONNECTION_STRING")
        text = settings_of(simulator, row.key).get(setting, "")
        if not text:
            raise FunctionProblem(f"The deployment storage is to be opened with the setting '{setting}', which the app does not have.")
        by_key = storage.from_string(simulator.handle, text, "blob", setting)
        by_key.endpoint = endpoint
        return Container(by_key, name)
    identity = str(proof.get("userAssignedIdentityResourceId") or "") if kind == "userassignedidentity" else ""
    return Container(
        storage.Service(simulator.handle, endpoint, token=lambda: token_of(simulator, row.id, storage.AUDIENCE, identity)), name
    )


def _address(simulator: Simulator, row: Resource, url: str) -> Address:
    headers = {"x-ms-version": storage.VERSION}
    identity = settings_of(simulator, row.key).get(FROM_PACKAGE_IDENTITY, "")
    if "sig=" not in url and identity:
        own = "" if identity.lower() == "systemassigned" else identity
        headers["Authorization"] = f"Bearer {token_of(simulator, row.id, storage.AUDIENCE, own)}"
    return Address(simulator, url, headers)


def sites(simulator: Simulator) -> list[Resource]:
    """All sites and slots."""
    with simulator.store.lock:
        return simulator.store.select("type IN (?,?)", ("microsoft.web/sites", "microsoft.web/sites/slots"))


def _stamp(answer: Answer, what: str) -> str:
    if answer.status == 404:
        return ""
    if answer.status >= 300:
        raise FunctionProblem(f"The app cannot read {what}: {storage.said(answer)}")
    found = {name.lower(): value for name, value in answer.headers.items()}
    return found.get("etag", "") + found.get("last-modified", "")


def _content(answer: Answer, what: str) -> IO[bytes]:
    if answer.status >= 300:
        raise FunctionProblem(f"The app cannot read {what}: {storage.said(answer)}")
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked closes it
    for part in answer.parts if isinstance(answer, StreamedAnswer) else (answer.body,):
        file.write(part)
    file.seek(0)
    return file
