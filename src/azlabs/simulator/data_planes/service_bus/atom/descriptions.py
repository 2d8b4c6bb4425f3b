"""Descriptions of entities: the XML of the administration API from and to the JSON of Resource Manager."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from azlabs.simulator.data_planes.service_bus.errors import ARGUMENT, Refusal
from azlabs.simulator.data_planes.service_bus.namespaces import split_address

SERVICE_BUS = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"
COUNTS = "http://schemas.microsoft.com/netservices/2011/06/servicebus"
ATOM = "http://www.w3.org/2005/Atom"
INSTANCE, SCHEMA = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema"
LARGEST_BODY = 1024 * 1024
_NUMBERS = frozenset({"MaxSizeInMegabytes", "MaxDeliveryCount", "MaxMessageSizeInKilobytes"})
_FLAGS = frozenset({
    "RequiresDuplicateDetection", "RequiresSession", "DeadLetteringOnMessageExpiration", "EnableBatchedOperations",
    "EnablePartitioning", "EnableExpress", "SupportOrdering", "DeadLetteringOnFilterEvaluationExceptions",
})  # fmt: skip
_TARGETS = frozenset({"ForwardTo", "ForwardDeadLetteredMessagesTo"})
MEMBERS = {
    "QueueDescription": (
        "LockDuration", "MaxSizeInMegabytes", "RequiresDuplicateDetection", "RequiresSession", "DefaultMessageTimeToLive",
        "DeadLetteringOnMessageExpiration", "DuplicateDetectionHistoryTimeWindow", "MaxDeliveryCount", "EnableBatchedOperations",
        "Status", "ForwardTo", "UserMetadata", "AutoDeleteOnIdle", "EnablePartitioning", "ForwardDeadLetteredMessagesTo",
        "EnableExpress", "MaxMessageSizeInKilobytes",
    ),
    "TopicDescription": (
        "DefaultMessageTimeToLive", "MaxSizeInMegabytes", "RequiresDuplicateDetection", "DuplicateDetectionHistoryTimeWindow",
        "EnableBatchedOperations", "Status", "UserMetadata", "SupportOrdering", "AutoDeleteOnIdle", "EnablePartitioning",
        "EnableExpress", "MaxMessageSizeInKilobytes",
    ),
    "SubscriptionDescription": (
        "LockDuration", "RequiresSession", "DefaultMessageTimeToLive", "DeadLetteringOnMessageExpiration",
        "DeadLetteringOnFilterEvaluationExceptions", "MaxDeliveryCount", "EnableBatchedOperations", "Status", "ForwardTo",
        "UserMetadata", "ForwardDeadLetteredMessagesTo", "AutoDeleteOnIdle",
    ),
}  # fmt: skip
_CORRELATION = {
    "CorrelationId": "correlationId", "MessageId": "messageId", "To": "to", "ReplyTo": "replyTo", "Label": "label",
    "SessionId": "sessionId", "ReplyToSessionId": "replyToSessionId", "ContentType": "contentType",
}  # fmt: skip
_SQL_OF = {"TrueFilter": "1=1", "FalseFilter": "1=0"}


def member(name: str) -> str:
    """The JSON name of an XML element."""
    return name[0].lower() + name[1:]


def read(raw: bytes) -> ElementTree.Element:
    """The description inside an Atom entry. Raises `Refusal`."""
    if len(raw) > LARGEST_BODY or re.search(rb"<!(DOCTYPE|ENTITY)", raw, re.IGNORECASE):
        raise Refusal(ARGUMENT, "The body is too large, or has a document type.")
    try:
        root = ElementTree.fromstring(raw)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise Refusal(ARGUMENT, "The body is not XML.") from None
    found = root.find(f"{{{ATOM}}}content")
    if found is None or len(found) == 0:
        raise Refusal(ARGUMENT, "The entry has no description.")
    return found[0]


def kind_of(element: ElementTree.Element) -> str:
    """ "QueueDescription", "RuleDescription"..."""
    return element.tag.rpartition("}")[2]


def entity_properties(element: ElementTree.Element) -> dict[str, Any]:
    """A queue, topic or subscription in the JSON of Resource Manager."""
    properties: dict[str, Any] = {}
    for child in element:
        name, text = kind_of(child), (child.text or "").strip()
        if name not in MEMBERS.get(kind_of(element), ()) or not text:
            continue
        properties[member(name)] = _value(name, text)
    return properties


def _value(name: str, text: str) -> Any:
    if name in _NUMBERS:
        if not text.lstrip("-").isdigit():
            raise Refusal(ARGUMENT, f"The value '{text[:50]}' of {name} is not a number.")
        return int(text)
    if name in _FLAGS:
        return text.lower() in ("true", "1")
    return split_address(text)[0] if name in _TARGETS else text


def _typed(element: ElementTree.Element | None) -> dict[str, Any]:
    """Keys and typed values."""
    found: dict[str, Any] = {}
    for pair in element if element is not None else ():
        key, value = pair.find(f"{{{SERVICE_BUS}}}Key"), pair.find(f"{{{SERVICE_BUS}}}Value")
        if key is None or value is None:
            continue
        kind, text = value.get(f"{{{INSTANCE}}}type", "string").rpartition(":")[2], value.text or ""
        try:
            found[key.text or ""] = _READ.get(kind, str)(text)
        except ValueError:
            raise Refusal(ARGUMENT, f"'{text[:50]}' is no {kind}.") from None
    return found


_READ: dict[str, Any] = {"int": int, "long": int, "double": float, "boolean": lambda text: text.lower() == "true"}


def rule_properties(element: ElementTree.Element) -> dict[str, Any]:
    """A rule in the JSON of Resource Manager."""
    filter, action = element.find(f"{{{SERVICE_BUS}}}Filter"), element.find(f"{{{SERVICE_BUS}}}Action")
    properties: dict[str, Any] = {"filterType": "SqlFilter", "sqlFilter": {"sqlExpression": "1=1"}}
    if filter is not None:
        kind = filter.get(f"{{{INSTANCE}}}type", "TrueFilter").rpartition(":")[2]
        if kind == "CorrelationFilter":
            correlation: dict[str, Any] = {
                there: _text(filter, here) for here, there in _CORRELATION.items() if _text(filter, here) is not None
            }
            correlation["properties"] = _typed(filter.find(f"{{{SERVICE_BUS}}}Properties"))
            properties = {"filterType": "CorrelationFilter", "correlationFilter": correlation}
        else:
            sql = _SQL_OF.get(kind) or _text(filter, "SqlExpression") or "1=1"
            parameters = _typed(filter.find(f"{{{SERVICE_BUS}}}Parameters"))
            properties["sqlFilter"] = {"sqlExpression": sql, "parameters": parameters}
    if action is not None and action.get(f"{{{INSTANCE}}}type", "").rpartition(":")[2] == "SqlRuleAction":
        parameters = _typed(action.find(f"{{{SERVICE_BUS}}}Parameters"))
        properties["action"] = {"sqlExpression": _text(action, "SqlExpression") or "", "parameters": parameters}
    return properties


def _text(element: ElementTree.Element, name: str) -> str | None:
    found = element.find(f"{{{SERVICE_BUS}}}{name}")
    return found.text if found is not None else None


# --- writing ------------------------------------------------------------------------------------------------------------
def tag(name: str, value: Any) -> str:
    """An element with a simple value; "" for None."""
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"


def entity_xml(kind: str, properties: dict[str, Any], host: str, runtime: dict[str, Any]) -> str:
    """The description of a queue, topic or subscription. `runtime`: counts by JSON name, and times."""
    parts: list[str] = []
    for name in MEMBERS[kind]:
        value = properties.get(member(name))
        if name in _TARGETS and value:
            value = f"sb://{host}/{split_address(str(value))[0]}"
        parts.append(tag(name, value if value != "" else None))
    parts.append(tag("EntityAvailabilityStatus", "Available"))
    for name in ("createdAt", "updatedAt", "accessedAt"):
        parts.append(tag(name[0].upper() + name[1:], properties.get(name)))
    for name in ("sizeInBytes", "messageCount", "subscriptionCount"):
        if name in runtime:
            parts.append(tag(name[0].upper() + name[1:], runtime[name]))
    counts = "".join(tag(f"d3p1:{name[0].upper()}{name[1:]}", value) for name, value in runtime["countDetails"].items())
    parts.append(f'<CountDetails xmlns:d3p1="{COUNTS}">{counts}</CountDetails>')
    return f'<{kind} xmlns="{SERVICE_BUS}" xmlns:i="{INSTANCE}">{"".join(parts)}</{kind}>'


def _typed_xml(values: dict[str, Any]) -> str:
    parts = []
    for key, value in values.items():
        kind = (
            "boolean"
            if isinstance(value, bool)
            else "int"
            if isinstance(value, int)
            else "double"
            if isinstance(value, float)
            else "string"
        )
        if kind == "int" and not -(2**31) <= value < 2**31:
            kind = "long"
        text = escape(str(value).lower() if isinstance(value, bool) else str(value))
        parts.append(
            f'<KeyValueOfstringanyType><Key>{escape(key)}</Key><Value i:type="d6p1:{kind}" xmlns:d6p1="{SCHEMA}">{text}</Value>'
            "</KeyValueOfstringanyType>"
        )
    return "".join(parts)


def rule_xml(name: str, properties: dict[str, Any], created: str) -> str:
    """The description of a rule."""
    if properties.get("filterType") == "CorrelationFilter":
        wanted = properties.get("correlationFilter") or {}
        members = "".join(tag(here, wanted.get(there)) for here, there in _CORRELATION.items())
        values = _typed_xml(wanted.get("properties") or {})
        filter = f'<Filter i:type="CorrelationFilter">{members}<Properties>{values}</Properties></Filter>'
    else:
        sql = properties.get("sqlFilter") or {}
        text = sql.get("sqlExpression", "1=1")
        kind = next((word for word, one in _SQL_OF.items() if one == text), "SqlFilter")
        filter = f'<Filter i:type="{kind}">{_sql_xml(text, sql.get("parameters"))}</Filter>'
    action = properties.get("action") or {}
    if action.get("sqlExpression"):
        done = f'<Action i:type="SqlRuleAction">{_sql_xml(action["sqlExpression"], action.get("parameters"))}</Action>'
    else:
        done = '<Action i:type="EmptyRuleAction"/>'
    return (
        f'<RuleDescription xmlns="{SERVICE_BUS}" xmlns:i="{INSTANCE}">{filter}{done}{tag("CreatedAt", created)}{tag("Name", name)}'
        "</RuleDescription>"
    )


def _sql_xml(text: str, parameters: dict[str, Any] | None) -> str:
    values = f"<Parameters>{_typed_xml(parameters)}</Parameters>" if parameters else "<Parameters/>"
    return f"{tag('SqlExpression', text)}<CompatibilityLevel>20</CompatibilityLevel>{values}"


def entry(
    url: str, title: str, published: str, updated: str, author: str, content: str, *, inside: bool = False
) -> str:
    """An Atom entry; `inside` a feed it needs no namespace of its own."""
    space = "" if inside else f' xmlns="{ATOM}"'
    return (
        f'<entry{space}><id>{escape(url)}</id><title type="text">{escape(title)}</title><published>{published}</published>'
        f'<updated>{updated}</updated><author><name>{escape(author)}</name></author><link rel="self" href={quoteattr(url)}/>'
        f'<content type="application/xml">{content}</content></entry>'
    )


def feed(url: str, title: str, updated: str, entries: list[str], following: str = "") -> str:
    """An Atom feed; `following`: address of the next page."""
    more = f'<link rel="next" href={quoteattr(following)}/>' if following else ""
    return (
        f'<feed xmlns="{ATOM}"><title type="text">{escape(title)}</title><id>{escape(url)}</id><updated>{updated}</updated>'
        f'<link rel="self" href={quoteattr(url)}/>{more}{"".join(entries)}</feed>'
    )


def error(status: int, detail: str) -> str:
    """The body of a refusal."""
    return f"<Error><Code>{status}</Code><Detail>{escape(detail)}</Detail></Error>"
