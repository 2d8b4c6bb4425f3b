"""What may be a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.http import dumps
from azlabs.simulator.resource_manager.errors import Refused

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Write

# Microsoft's documentation "Use tags to organize your Azure resources", limitations.
MOST = 50
LONGEST_NAME = 512
LONGEST_VALUE = 256
HIDDEN = "hidden-"
"""Tags that services keep for themselves (hidden-link:/subscriptions/...) may contain any character."""
FORBIDDEN = frozenset("<>%&\\?/")
RESERVED = ("microsoft", "azure", "windows")


def _text(value: Any) -> str:
    """A tag value as ARM keeps it: other JSON values become text (true is "True", an object its JSON)."""
    if value is None:
        return ""
    return dumps(value) if isinstance(value, (dict, list)) else str(value)


def check(write: Write) -> None:
    """Refuse what Azure refuses of `body.tags`; an absent or null member becomes none."""
    tags = write.body.get("tags")
    if tags is None:
        write.body.pop("tags", None)
        return
    write.body["tags"] = checked(tags)


def checked(tags: Any) -> dict[str, str]:
    """Valid tags with their values as text. Raises 400 with Azure's codes."""
    if not isinstance(tags, dict):
        raise Refused(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: 'tags' is not an object.",
        )
    if len(tags) > MOST:
        raise Refused(
            400, "TooManyTags", f"The resource has '{len(tags)}' tags; the maximum number of tags is '{MOST}'."
        )
    found: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in tags.items():
        text = _text(value)
        if not name.strip() or len(name) > LONGEST_NAME:
            raise Refused(
                400,
                "InvalidTagNameLength",
                f"The tag name '{name[:60]}' is empty or longer than {LONGEST_NAME} characters.",
            )
        if FORBIDDEN & set(name) and not name.lower().startswith(HIDDEN):
            raise Refused(
                400, "InvalidTagNameCharacters",
                f"The tag name '{name}' has reserved characters '<,>,%,&,\\,?,/' or control characters.",
            )  # fmt: skip
        if name.lower().startswith(RESERVED):
            raise Refused(
                400,
                "ReservedTagName",
                f"The tag name '{name}' starts with a reserved prefix: 'microsoft', 'azure', 'windows'.",
            )
        if len(text) > LONGEST_VALUE:
            raise Refused(
                400, "InvalidTagValueLength", f"The value of tag '{name}' is longer than {LONGEST_VALUE} characters."
            )
        if name.lower() in seen:
            raise Refused(
                400,
                "DuplicateTagName",
                f"The tag name '{name}' is given more than once; names are compared without case.",
            )
        seen.add(name.lower())
        found[name] = text
    return found
