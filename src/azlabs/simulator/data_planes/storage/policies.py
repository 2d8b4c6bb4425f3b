"""Stored access policies of containers and queues: what signatures may leave open."""

from __future__ import annotations

from azlabs.simulator.data_planes.storage import sas
from azlabs.simulator.data_planes.storage.asking import element, parse_xml, xml_answer
from azlabs.simulator.http import Answer
from azlabs.simulator.resource_manager.errors import Refused

Policy = dict[str, str]
MOST = 5
_PARTS = (("Start", "start"), ("Expiry", "expiry"), ("Permission", "permission"))


def parse(body: bytes) -> list[Policy]:
    """The policies of a SignedIdentifiers document, five at most. Raises 400."""
    if not body:
        return []
    found = []
    for entry in parse_xml(body).iter("SignedIdentifier"):
        id = (entry.findtext("Id") or "").strip()
        policy = {"id": id, **{part: (entry.findtext(f"AccessPolicy/{word}") or "").strip() for word, part in _PARTS}}
        try:
            for part in ("start", "expiry"):
                if policy[part]:
                    sas.moment(policy[part])
        except ValueError:
            id = ""
        if not 1 <= len(id) <= 64:
            raise Refused(
                400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format."
            )
        found.append(policy)
    if len(found) > MOST or len({one["id"] for one in found}) < len(found):
        raise Refused(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")
    return found


def shown(policies: list[Policy]) -> Answer:
    """The SignedIdentifiers document."""
    text = ""
    for policy in policies:
        parts = "".join(element(word, policy[part]) for word, part in _PARTS if policy.get(part))
        text += (
            f"<SignedIdentifier>{element('Id', policy['id'])}<AccessPolicy>{parts}</AccessPolicy></SignedIdentifier>"
        )
    return xml_answer(f"<SignedIdentifiers>{text}</SignedIdentifiers>")
