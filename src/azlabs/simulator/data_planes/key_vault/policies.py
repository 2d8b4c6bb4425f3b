"""Policies of certificates: what a request says, completed and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.key_vault import crypto, issuing
from azlabs.simulator.data_planes.key_vault.errors import VaultError, bad_parameter
from azlabs.simulator.data_planes.key_vault.objects import Body, Item, Vault

if TYPE_CHECKING:
    from azlabs.simulator.data_planes.key_vault.asking import Asking

OWN_ISSUERS = ("Self", "Unknown")
SERVER_AND_CLIENT = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]
MONTHS, LONGEST = 12, 1200
RENEWAL = [{"trigger": {"lifetime_percentage": 80}, "action": {"action_type": "EmailContacts"}}]
PARTS = ("key_props", "secret_props", "x509_props", "issuer")
_MEMBERS = {
    "key_props": ("exportable", "kty", "key_size", "reuse_key", "crv"),
    "x509_props": ("subject", "sans", "ekus", "key_usage", "validity_months", "basic_constraints"),
}


def shown(vault: Vault, item: Item) -> Body:
    """A policy as it is shown."""
    return {"id": vault.id_of("certificates", item.name, "policy"), **item.doc["policy"]}


def checked(vault: Vault, asked: Any, old: Any = None) -> Body:
    """The policy of a request with its defaults, over the one there was. 400 for what no certificate can be made of."""
    if not isinstance(asked, dict) or not all(isinstance(asked.get(part) or {}, dict) for part in PARTS):
        raise bad_parameter("The certificate policy is missing or not an object.")
    policy: Body = {part: {**((old or {}).get(part) or {}), **(asked.get(part) or {})} for part in PARTS}
    key, x509 = policy["key_props"], policy["x509_props"]
    for member, value in (("exportable", True), ("kty", "RSA"), ("reuse_key", False)):
        key.setdefault(member, value)
    if crypto.family(str(key["kty"])) == "RSA":
        key.setdefault("key_size", crypto.RSA_SIZES[0])
    policy["secret_props"].setdefault("contentType", issuing.PFX)
    if policy["secret_props"]["contentType"] not in (issuing.PFX, issuing.PEM):
        raise bad_parameter(f"Property contentType has to be {issuing.PFX} or {issuing.PEM}.")
    if not x509.get("subject") and not any((x509.get("sans") or {}).values()):
        raise bad_parameter("The certificate policy needs a subject or subject alternative names.")
    months = x509.setdefault("validity_months", MONTHS)
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= LONGEST:
        raise bad_parameter(f"Property validity_months has to be between 1 and {LONGEST}.")
    usages = x509.setdefault("key_usage", ["digitalSignature", "keyEncipherment"])
    if not isinstance(usages, list) or not set(map(str, usages)) <= issuing.USAGES.keys():
        raise bad_parameter(f"Property key_usage has to be some of {', '.join(issuing.USAGES)}.")
    x509["key_usage"] = sorted(usages, key=str.lower)
    x509.setdefault("ekus", SERVER_AND_CLIENT)
    x509.setdefault("basic_constraints", {"ca": False})
    issuing.name_of(str(x509.get("subject") or ""))
    if not policy["issuer"].get("name"):
        raise bad_parameter("The certificate policy needs an issuer.")
    ordered = {part: policy[part] for part in ("key_props", "secret_props")}
    ordered["x509_props"] = _in_order("x509_props", x509)
    ordered["key_props"] = _in_order("key_props", key)
    ordered["lifetime_actions"] = asked.get("lifetime_actions") or (old or {}).get("lifetime_actions") or RENEWAL
    ordered["issuer"] = policy["issuer"]
    created = ((old or {}).get("attributes") or {}).get("created", int(vault.now))
    ordered["attributes"] = {"enabled": True, "created": created, "updated": int(vault.now)}
    return ordered


def _in_order(part: str, values: Body) -> Body:
    return {name: values[name] for name in _MEMBERS[part] if values.get(name) is not None}


def imported(vault: Vault, asked: Any, old: Any, material: str, leaf: str, content: str) -> Body:
    """The policy of an imported certificate: what is in the certificate counts, whatever the request says."""
    found = issuing.facts(leaf)
    members = crypto.public_members(material)
    key: Body = {"exportable": True, "kty": members["kty"], "reuse_key": False}
    key |= {"key_size": crypto.key_size(material)} if members["kty"] == "RSA" else {"crv": members["crv"]}
    x509: Body = {
        "subject": found["subject"], "ekus": found["ekus"], "key_usage": found["key_usage"], "validity_months": found["months"],
        "basic_constraints": {"ca": found["ca"]},
    }  # fmt: skip
    if "sans" in found:
        x509["sans"] = found["sans"]
    wanted = asked if isinstance(asked, dict) else {}
    said = wanted.get("key_props") if isinstance(wanted.get("key_props"), dict) else {}
    key |= {name: said[name] for name in ("exportable", "reuse_key") if said and name in said}
    policy = {
        "key_props": key, "secret_props": wanted.get("secret_props") or {"contentType": content}, "x509_props": x509,
        "issuer": wanted.get("issuer") or {"name": "Unknown"}, "lifetime_actions": wanted.get("lifetime_actions"),
    }  # fmt: skip
    return checked(vault, policy, {"attributes": (old or {}).get("attributes")})


def get(asking: Asking) -> Body:
    """The policy of a certificate."""
    return shown(asking.vault, asking.vault.require("certificates", asking.name))


def patch(asking: Asking) -> Body:
    """Change the policy."""
    item = asking.vault.require("certificates", asking.name)
    item.doc["policy"] = checked(asking.vault, asking.body, item.doc["policy"])
    asking.vault.save(item)
    return shown(asking.vault, item)


# --- contacts and issuers of a vault ---------------------------------------------------------------------------------------
def _contacts(asking: Asking) -> Item:
    found = asking.vault.get("contacts", "contacts")
    if found is None:
        raise VaultError(404, "ContactsNotFound", "Contacts not found")
    return found


def _shown_contacts(asking: Asking, item: Item) -> Body:
    return {"id": asking.vault.id_of("certificates", "contacts"), "contacts": item.doc["contacts"]}


def get_contacts(asking: Asking) -> Body:
    """Who is told about certificates."""
    return _shown_contacts(asking, _contacts(asking))


def put_contacts(asking: Asking) -> Body:
    """Replace the contacts."""
    contacts = asking.body.get("contacts")
    if not isinstance(contacts, list) or not all(isinstance(one, dict) and one.get("email") for one in contacts):
        raise bad_parameter("Each contact needs an e-mail address.")
    item = asking.vault.get("contacts", "contacts") or Item("contacts", None, {"name": "contacts", "versions": []})
    item.doc["contacts"] = contacts
    asking.vault.save(item)
    return _shown_contacts(asking, item)


def delete_contacts(asking: Asking) -> Body:
    """Take the contacts away."""
    item = _contacts(asking)
    shown = _shown_contacts(asking, item)
    asking.vault.store.delete(item.row.key if item.row is not None else "")
    return shown


def _issuer(asking: Asking) -> Item:
    found = asking.vault.get("issuers", asking.name)
    if found is None:
        raise VaultError(404, "CertificateIssuerNotFound", f"Issuer {asking.name} not found")
    return found


def _shown_issuer(asking: Asking, item: Item) -> Body:
    shown: Body = {"id": asking.vault.id_of("certificates", "issuers", item.name)}
    for member in ("provider", "credentials", "org_details"):
        if item.doc.get(member) is not None:
            shown[member] = dict(item.doc[member]) if isinstance(item.doc[member], dict) else item.doc[member]
    if "credentials" in shown:
        shown["credentials"].pop("pwd", None)
    if "org_details" in shown:
        shown["org_details"].setdefault("zip", 0)
    return shown | {"attributes": item.doc["attributes"]}


def get_issuer(asking: Asking) -> Body:
    """One issuer."""
    return _shown_issuer(asking, _issuer(asking))


def list_issuers(asking: Asking) -> Body:
    """All issuers."""
    items = asking.vault.all("issuers")
    value = [
        {"id": asking.vault.id_of("certificates", "issuers", item.name), "provider": item.doc["provider"]}
        for item in items
    ]
    return {"value": value, "nextLink": None}


def put_issuer(asking: Asking) -> Body:
    """Set an issuer."""
    if not isinstance(asking.body.get("provider"), str):
        raise bad_parameter("The issuer needs a provider.")
    old = asking.vault.get("issuers", asking.name)
    item = old or Item("issuers", None, {"name": asking.name, "versions": []})
    item.doc |= {member: asking.body.get(member) for member in ("provider", "credentials", "org_details")}
    item.doc["attributes"] = asking.vault.fresh(
        asking.body.get("attributes"), (old.doc if old else {}).get("attributes")
    )
    asking.vault.save(item)
    return _shown_issuer(asking, item)


def patch_issuer(asking: Asking) -> Body:
    """Change an issuer; a request without a body changes nothing."""
    item = _issuer(asking)
    body = asking.optional_body()
    for member in ("provider", "credentials", "org_details"):
        if body.get(member) is not None:
            known = item.doc.get(member)
            item.doc[member] = {**known, **body[member]} if isinstance(known, dict) else body[member]
    item.doc["attributes"] = asking.vault.fresh(body.get("attributes"), item.doc["attributes"])
    asking.vault.save(item)
    return _shown_issuer(asking, item)


def delete_issuer(asking: Asking) -> Body:
    """Take an issuer away."""
    item = _issuer(asking)
    shown = _shown_issuer(asking, item)
    asking.vault.store.delete(item.row.key if item.row is not None else "")
    return shown
