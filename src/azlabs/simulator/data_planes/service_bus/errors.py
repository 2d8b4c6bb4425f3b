"""Refusals of Service Bus, with the AMQP conditions from which clients make their exceptions."""

from __future__ import annotations

import uuid

NOT_FOUND = "amqp:not-found"
UNAUTHORIZED = "amqp:unauthorized-access"
NOT_ALLOWED = "amqp:not-allowed"
NOT_IMPLEMENTED = "amqp:not-implemented"
INVALID_FIELD = "amqp:invalid-field"
DECODE_ERROR = "amqp:decode-error"
TOO_LARGE = "amqp:link:message-size-exceeded"
FULL = "amqp:resource-limit-exceeded"
DETACHED = "amqp:link:detach-forced"
CONNECTION_FORCED = "amqp:connection:forced"
FRAMING_ERROR = "amqp:connection:framing-error"
DISABLED = "com.microsoft:entity-disabled"
LOCK_LOST = "com.microsoft:message-lock-lost"
SESSION_LOCK_LOST = "com.microsoft:session-lock-lost"
SESSION_TAKEN = "com.microsoft:session-cannot-be-locked"
MESSAGE_NOT_FOUND = "com.microsoft:message-not-found"
TIMEOUT = "com.microsoft:timeout"
ARGUMENT = "com.microsoft:argument-error"
EXISTS = "com.microsoft:entity-already-exists"
INTERNAL = "amqp:internal-error"

STATUS = {
    NOT_FOUND: 404, UNAUTHORIZED: 401, NOT_ALLOWED: 400, NOT_IMPLEMENTED: 501, DISABLED: 403, LOCK_LOST: 410,
    SESSION_LOCK_LOST: 410, SESSION_TAKEN: 409, MESSAGE_NOT_FOUND: 404, TIMEOUT: 408, ARGUMENT: 400, EXISTS: 409,
    TOO_LARGE: 400, FULL: 403, INTERNAL: 500, INVALID_FIELD: 400, DECODE_ERROR: 400,
}  # fmt: skip
"""Status codes of the same refusals in answers of $management."""


class Refusal(Exception):
    """Something that Service Bus does not do. `condition`: one of the words above."""

    def __init__(self, condition: str, message: str) -> None:
        super().__init__(message)
        self.condition, self.message = condition, f"{message} TrackingId:{uuid.uuid4()}"


def not_found(address: str) -> Refusal:
    """The entity does not exist."""
    return Refusal(
        NOT_FOUND,
        f"The messaging entity '{address}' could not be found. To know more visit https://aka.ms/sbResourceMgrExceptions.",
    )


def lock_lost() -> Refusal:
    """The lock of a message is over."""
    return Refusal(
        LOCK_LOST,
        "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue, or was "
        "received by a different receiver instance.",
    )


def session_lost(session: str) -> Refusal:
    """The lock of a session is over."""
    return Refusal(
        SESSION_LOCK_LOST,
        f"The session lock has expired on the MessageSession '{session}'. Accept a new MessageSession.",
    )
