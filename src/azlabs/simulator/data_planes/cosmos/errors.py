"""How the data plane of Cosmos DB refuses: status, code and substatus."""

from __future__ import annotations

from azlabs.simulator.resource_manager.errors import Refused

MORE = "Learn more: https://aka.ms/cosmosdb-tsg-"


def refused(status: int, code: str, message: str, substatus: int = 0, headers: dict[str, str] | None = None) -> Refused:
    """An error; `substatus` goes into x-ms-substatus when it is not 0."""
    more = {"x-ms-substatus": str(substatus)} if substatus else {}
    return Refused(status, code, message, headers={**more, **(headers or {})})


def bad(message: str, substatus: int = 0) -> Refused:
    """400 BadRequest."""
    return refused(400, "BadRequest", message, substatus)


def not_found(what: str = "Resource Not Found", substatus: int = 0) -> Refused:
    """404 NotFound; substatus 1003: the container above is missing."""
    return refused(404, "NotFound", f'Message: {{"Errors":["{what}. {MORE}not-found"]}}', substatus)


def conflict(what: str = "Resource with specified id or name already exists.") -> Refused:
    """409 Conflict."""
    return refused(409, "Conflict", f'Message: {{"Errors":["{what}"]}}')


def stale() -> Refused:
    """412: the entity tag is another one."""
    return refused(
        412, "PreconditionFailed",
        'Message: {"Errors":["One of the specified pre-condition is not met. Learn more: https://aka.ms/CosmosDB/sql/errors/precondition-failed"]}',
    )  # fmt: skip


def too_large(what: str = "Request size is too large") -> Refused:
    """413."""
    return refused(413, "RequestEntityTooLarge", f'Message: {{"Errors":["{what}"]}}')
