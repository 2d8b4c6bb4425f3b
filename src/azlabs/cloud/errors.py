"""What Azure answered when it refused, in one family: AzureError keeps Azure's status and code.

Azure nests: a failed deployment says `DeploymentFailed`, its details say `ResourceDeploymentFailure`, whose details
say what is wrong, sometimes as JSON inside the message. A person needs the innermost sentences; they are what
`message`, `code` and `details` carry here. `outer_code` keeps what stood outermost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.errors import AzlabsError, ExitCode

if TYPE_CHECKING:
    from azlabs.cloud.explain import Explanation

NOT_MODELLED = "NotModelledBySimulator"
_NOT_THERE = {"ResourceNotFound", "ResourceGroupNotFound", "NotFound", "ParentResourceNotFound", "SubscriptionNotFound"}
_WRAPPERS = {
    "deploymentfailed",
    "deploymentfailedcleanup",
    "invalidtemplatedeployment",
    "multipleerrorsoccurred",
    "resourcedeploymentfailure",
    "provisioningfailed",
    "resourceoperationfailure",
    "preflightvalidationcheckfailed",
}
_SIGN_IN = re.compile(r"\bAADSTS\d+\b")
_SEE_ALSO = re.compile(
    r"\s*(Please (see|list deployment operations)[^.]*(aka\.ms|https?:)\S*[^.]*\.?|Click here for details\.?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One innermost error: Azure's code, its sentence, the resource or property it is about ('' when not said)."""

    code: str
    message: str
    target: str = ""


class AzureError(AzlabsError):
    """Azure (or the simulator in its place) answered with an error."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: tuple[ErrorDetail, ...] = (),
        outer_code: str = "",
        action: str = "",
        request: str = "",
    ) -> None:
        self._action = ""
        super().__init__(message, action=action, code=code or f"Http{status}")
        self.status = status
        self.details = details or (ErrorDetail(self.code, message),)
        self.outer_code = outer_code or self.code
        self.request = request

    @property
    def explanation(self) -> Explanation | None:
        """What this failure means and what to do, when it is a known one. Looked up when somebody asks."""
        from azlabs.cloud.explain import explain_first

        inner = [(detail.code, detail.message) for detail in self.details]
        return explain_first([(self.code, self.message), *inner, (self.outer_code, self.message)])

    @property
    def action(self) -> str:
        """What to do: as the caller said, else as the table of known failures says."""
        known = None if self._action else self.explanation
        return known.action if known is not None else self._action

    @action.setter
    def action(self, value: str) -> None:
        self._action = value

    @property
    def not_found(self) -> bool:
        """The thing asked for does not exist."""
        return self.status == 404 or self.code in _NOT_THERE

    @property
    def not_modelled(self) -> bool:
        """The place refuses the whole kind of thing by name, so nothing of that kind can exist there."""
        return self.code == NOT_MODELLED


class WriteRefused(AzlabsError):
    """Something that may only read tried to write; the request never left."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, method: str, url: str) -> None:
        path = url.split("?", 1)[0]
        super().__init__(
            f"A read-only view of the cloud refused {method} {path}.",
            action="Read only, or declare the check with acts=True when it has to act on a data plane.",
            code="WriteRefused",
        )


class CloudUnreachable(AzlabsError):
    """No answer at all: no network, no name, a cut connection."""

    exit_code = ExitCode.UNREACHABLE


class CredentialMissing(AzlabsError):
    """Nobody is signed in, or the sign-in is not accepted."""

    exit_code = ExitCode.UNREACHABLE


def error_from(status: int, body: bytes | str | dict[str, Any] | None, request: str = "") -> AzureError:
    """The AzureError for an answer with an error status. `request`: "METHOD path", for people who debug."""
    root = _error_object(body)
    if root is None:
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body if isinstance(body, str) else ""
        return AzureError(status, "", _one_line(text)[:500] or f"Azure answered with status {status}.", request=request)
    leaves = tuple(dict.fromkeys(_leaves(root)))
    outer = str(root.get("code") or "")
    if len(leaves) > 1:
        message = " ".join(_sentence(leaf) for leaf in leaves)
    else:
        message = leaves[0].message
    return AzureError(
        status,
        leaves[0].code or outer,
        message or f"Azure answered with status {status}.",
        details=leaves,
        outer_code=outer,
        request=request,
    )


def from_exception(problem: BaseException) -> AzlabsError | None:
    """The azlabs error for an exception of azure-core or azure-identity; None for any other exception."""
    if isinstance(problem, AzlabsError):
        return problem
    from azure.core import exceptions as core

    if isinstance(problem, core.ClientAuthenticationError) and problem.response is None:
        return sign_in_refused(str(problem))
    if isinstance(problem, core.HttpResponseError):
        response = problem.response
        if response is None:
            body: Any = {"error": _odata(problem)} if problem.error else str(problem.message)
            return error_from(int(problem.status_code or 0), body)
        request = f"{response.request.method} {response.request.url.split('?', 1)[0]}"
        found = _error_object(_text(response))
        if found is None and problem.error is not None:
            return error_from(response.status_code, {"error": _odata(problem)}, request)
        return error_from(response.status_code, _text(response), request)
    if isinstance(problem, core.ServiceRequestError | core.ServiceResponseError):
        return CloudUnreachable(
            "Azure could not be reached.",
            action="Check the network and try again; the simulator (--cloud simulator) needs none.",
            code="CloudUnreachable",
        )
    if isinstance(problem, core.AzureError):
        # Clients that do not speak HTTP (Service Bus) name their failures by the class of the exception.
        text = _one_line(str(getattr(problem, "message", "") or problem)) or type(problem).__name__
        return AzureError(0, type(problem).__name__, text)
    return None


def sign_in_refused(message: str) -> CredentialMissing:
    """The error for a sign-in that Entra refused: with its number, and what that means, when it says one."""
    number = _SIGN_IN.search(message)
    if number is None:
        return CredentialMissing(
            "The sign-in to Azure was not accepted or has ended.",
            action="Sign in again with `az login`, or work on the simulator with --cloud simulator.",
            code="AuthenticationFailed",
        )
    from azlabs.cloud.explain import explain

    known = explain(number.group(), message)
    return CredentialMissing(
        known.means if known else "Microsoft Entra refused the sign-in.",
        action=known.action if known else "Sign in again with `az login`.",
        code=number.group(),
    )


@contextmanager
def translated() -> Iterator[None]:
    """Around calls of SDK clients: their exceptions leave as AzureError and its relatives."""
    try:
        yield
    except AzlabsError:
        raise
    except Exception as problem:
        known = from_exception(problem)
        if known is None:
            raise
        raise known from problem


def _text(response: Any) -> str:
    try:
        return str(response.text())
    except Exception:
        return ""


def _odata(problem: Any) -> dict[str, Any]:
    def plain(error: Any) -> dict[str, Any]:
        return {
            "code": error.code,
            "message": getattr(error, "message", "") or "",
            "target": getattr(error, "target", "") or "",
            "details": [plain(detail) for detail in getattr(error, "details", None) or []],
        }

    return plain(problem.error)


def _error_object(body: bytes | str | dict[str, Any] | None) -> dict[str, Any] | None:
    """The object with code and message in an answer, wherever the service keeps it: under `error` or at the top."""
    if isinstance(body, bytes | str):
        try:
            body = json.loads(body)
        except ValueError:
            return None
    if not isinstance(body, dict):
        return None
    lowered = {str(name).lower(): value for name, value in body.items()}
    for name in ("error", "odata.error"):
        inner = lowered.get(name)
        if isinstance(inner, dict):
            return _canonical(inner)
    status = lowered.get("properties")
    if isinstance(status, dict) and isinstance(status.get("error"), dict):
        return _canonical(status["error"])
    return _canonical(body) if "code" in lowered and "message" in lowered else None


def _canonical(error: dict[str, Any]) -> dict[str, Any]:
    return {str(name).lower(): value for name, value in error.items()}


def _leaves(error: dict[str, Any]) -> Iterator[ErrorDetail]:
    """The innermost errors, in Azure's order. An error with details of its own only wraps them."""
    code = str(error.get("code") or "")
    message = error.get("message")
    if isinstance(message, dict):
        message = message.get("value")
    text = str(message or "")
    inner = [_canonical(detail) for detail in error.get("details") or [] if isinstance(detail, dict)]
    inner = [detail for detail in inner if detail.get("code") or detail.get("message")]
    nested = _error_object(text) if text.lstrip().startswith("{") else None
    if nested is not None:
        inner.insert(0, nested)
    if inner and (nested is not None or code.lower() in _WRAPPERS or not text):
        for detail in inner:
            yield from _leaves(detail)
        return
    yield ErrorDetail(code, _one_line(text), str(error.get("target") or ""))
    for detail in inner:
        yield from _leaves(detail)


def _one_line(text: str) -> str:
    return " ".join(_SEE_ALSO.sub("", text).split())


def _sentence(leaf: ErrorDetail) -> str:
    text = leaf.message.rstrip()
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
