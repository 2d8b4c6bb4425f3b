"""What one client has shown: proven tokens by what they were handed in for, and the namespace they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azlabs.simulator.data_planes.service_bus import access, errors, namespaces
from azlabs.simulator.data_planes.service_bus.errors import Refusal
from azlabs.simulator.data_planes.service_bus.namespaces import SUFFIX, Namespace
from azlabs.simulator.data_planes.storage.firewall import CLIENT

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.service_bus.access import Grant


class Grants:
    """Rights of one connection. `address`: where it comes from, for the rules of the network."""

    def __init__(self, simulator: Simulator, address: str = CLIENT) -> None:
        self._simulator, self._address = simulator, address
        self._namespace: Namespace | None = None
        self._proven: dict[str, Grant] = {}

    def of_host(self, host: str) -> None:
        """The client has said whom it wants to speak to. Raises `Refusal` when there is no such namespace."""
        store, host = self._simulator.store, host.partition(":")[0].lower().rstrip(".")
        if host.endswith(SUFFIX):
            self._namespace = namespaces.namespace_named(store, host[: -len(SUFFIX)])
            if self._namespace is None:
                raise Refusal(errors.NOT_FOUND, f"There is no namespace '{host}' (on Azure its name does not resolve).")
        else:
            known = namespaces.all_namespaces(store)
            self._namespace = known[0] if len(known) == 1 else None

    def namespace(self) -> Namespace:
        """The namespace of the connection as it is now. Raises `Refusal`."""
        namespace = self._namespace
        if namespace is not None:
            namespace = namespaces.namespace_named(self._simulator.store, namespace.name)
        if namespace is None:
            raise Refusal(
                errors.UNAUTHORIZED, "Unauthorized access. No token was put, so that the namespace is not known."
            )
        self._namespace = namespace
        return namespace

    def put(self, audience: str, token: str) -> Grant:
        """Prove a token and remember it for what lies at and below an audience. Raises `Refusal`."""
        if self._namespace is not None:
            access.check_network(self._simulator.store, self.namespace(), self._address)
        grant = access.prove(self._simulator, self._namespace, token)
        if self._namespace is None and grant.namespace:
            self._namespace = namespaces.namespace_named(self._simulator.store, grant.namespace)
            access.check_network(self._simulator.store, self.namespace(), self._address)
        self._proven[namespaces.split_address(audience)[0].lower()] = grant
        return grant

    def put_key(self, name: str, key: str) -> None:
        """A key in place of a token: good for what its rule is good for, and nothing when it is wrong."""
        namespace = self._namespace
        if namespace is None:
            return
        row = self._simulator.store.get(f"{namespace.row.key}/authorizationrules/{name.lower()}")
        if row is not None and key in (row.hidden.get("keys") or {}).values() and namespace.local_auth:
            access.check_network(self._simulator.store, namespace, self._address)
            self._proven[""] = access.Grant("", float("inf"), rule_key=row.key, namespace=namespace.name)

    def clear(self) -> None:
        """Forget every token."""
        self._proven.clear()

    def allows(self, path: str, claim: str) -> bool:
        """Does any token that was put for the entity, or for something around it, allow this?"""
        namespace, lower = self.namespace(), path.lower()
        return any(
            access.allows(self._simulator, grant, namespace, path, claim)
            for audience, grant in self._proven.items()
            if not audience or lower == audience or lower.startswith(audience + "/") or audience.startswith(lower + "/")
        )

    def check(self, path: str, *claims: str) -> Namespace:
        """Raise `Refusal` unless one of the claims is allowed, now, from this address; returns the namespace."""
        namespace = self.namespace()
        access.check_network(self._simulator.store, namespace, self._address)
        if not any(self.allows(path, claim) for claim in claims):
            now = self._simulator.clock.now()
            if self._proven and all(grant.expires <= now for grant in self._proven.values()):
                raise Refusal(errors.UNAUTHORIZED, "ExpiredToken: The token is expired.")
            raise access.refused(namespace, path, claims[0])
        return namespace
