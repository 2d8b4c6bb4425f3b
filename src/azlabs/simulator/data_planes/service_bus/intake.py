"""What a message has to be like to be accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.service_bus import errors
from azlabs.simulator.data_planes.service_bus.amqp.message import APPLICATION, Message
from azlabs.simulator.data_planes.service_bus.amqp.types import Malformed, Symbol
from azlabs.simulator.data_planes.service_bus.errors import Refusal

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.service_bus.broker import Place

MESSAGE_ID_LENGTH = SESSION_ID_LENGTH = 128
PROPERTIES_BYTES = 64 * 1024
SCHEDULED_TIME = Symbol("x-opt-scheduled-enqueue-time")


def prepared(place: Place, message: Message) -> tuple[str, float | None]:
    """(message id, when it is due) of a message that may be accepted."""
    try:
        id, session = message.value_of("message-id"), message.value_of("group-id")
        wanted = message.annotations.get(SCHEDULED_TIME)
        message.header, message.application  # noqa: B018
    except Malformed as problem:
        raise Refusal(errors.DECODE_ERROR, f"The message cannot be read: {problem}.") from None
    if len(message.raw) > place.entity.max_message:
        raise Refusal(
            errors.TOO_LARGE,
            f"The received message (delivery-id:0, size:{len(message.raw)} bytes) exceeds the limit ({place.entity.max_message} bytes) "
            "currently allowed on the link.",
        )
    start, end = message.sections.get(APPLICATION, (0, 0))
    if end - start > PROPERTIES_BYTES:
        raise Refusal(errors.ARGUMENT, f"The application properties are larger than {PROPERTIES_BYTES} bytes.")
    if id is not None and len(str(id)) > MESSAGE_ID_LENGTH:
        raise Refusal(errors.ARGUMENT, f"The message id is longer than {MESSAGE_ID_LENGTH} characters.")
    if session is not None and len(str(session)) > SESSION_ID_LENGTH:
        raise Refusal(errors.ARGUMENT, f"The session id is longer than {SESSION_ID_LENGTH} characters.")
    if place.entity.sessions and not place.entity.is_topic and session is None:
        raise Refusal(
            errors.NOT_ALLOWED,
            "The SessionId was not set on a message, and it cannot be sent to the entity. Entities that have session support "
            "enabled can only receive messages that have the SessionId set to a valid value.",
        )
    return str(id) if id is not None else "", wanted / 1000 if isinstance(wanted, int) else None
