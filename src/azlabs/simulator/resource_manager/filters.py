"""OData `$filter` as resource lists use it, with Azure Resource Manager's refusal of what cannot be read."""

from __future__ import annotations

import re

from azlabs.simulator import odata
from azlabs.simulator.odata import Lookup, Predicate
from azlabs.simulator.resource_manager.errors import Refused


def parse(text: str, lookup: Lookup) -> Predicate:
    """A predicate for a filter; `lookup(document, name)` gives a member's value. Raises 400 InvalidFilterInQueryString."""
    try:
        return odata.parse_filter(text, lookup)
    except odata.UnsupportedQuery:
        raise Refused(
            400, "InvalidFilterInQueryString", f"Invalid $filter '{text[:200]}' specified in the query string."
        ) from None


def equalities(text: str) -> dict[str, str]:
    """{lower-case member: value} of a filter that is only `a eq 'x' and b eq 'y'`; {} for any other. Lets lists use an index."""
    found: dict[str, str] = {}
    for part in re.split(r"\s+and\s+", text.strip(), flags=re.I):
        match = re.fullmatch(r"([\w/]+)\s+eq\s+'((?:[^']|'')*)'", part.strip(), re.I)
        if match is None:
            return {}
        found[match[1].lower()] = match[2].replace("''", "'")
    return found
