"""Effective rules and routes of an interface: answered for a running machine only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from azlabs.simulator.resource_manager.errors import refuse

if TYPE_CHECKING:
    from azlabs.simulator.resource_manager.calls import Call

Body = dict[str, Any]


def effective_groups(call: Call, body: Body) -> Body:
    """Rules in force at the interface."""
    not_running("SecurityGroups", "security groups", body)


def effective_routes(call: Call, body: Body) -> Body:
    """Routes in force at the interface."""
    not_running("Routes", "routes", body)


def not_running(code: str, words: str, body: Body) -> NoReturn:
    """Azure refuses unless the interface belongs to a running machine."""
    refuse(
        f"NicMustBeAttachedToRunningVmToGetEffective{code}",
        f"A network interface must be attached to a running virtual machine to get effective {words}. Network interface: "
        f"{body['id']}.",
    )
