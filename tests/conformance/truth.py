"""Write docs/simulator.md: what the simulator models, what it refuses by name, how alike its answers are: `make truth`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import recordings

from azlabs.simulator.providers import NAMESPACES
from azlabs.simulator.providers.authorization import builtin_roles
from azlabs.simulator.providers.authorization.policy import builtin_definitions
from azlabs.simulator.resource_manager import api_versions, registry

PAGE = recordings.REPOSITORY / "docs" / "simulator.md"
HEAD = """# What the simulator models

This page is made by `make truth`, from the simulator's own registry and a replay of recorded Azure traffic. Do not edit it.

What is listed here behaves: it is created, read, changed, listed and deleted, keeps Azure's rules and refuses what Azure
refuses with Azure's codes. What is not listed is refused by name: status 501, code `NotModelledBySimulator`.
"""
FIGURES = """## How alike the answers are

Recorded Azure traffic is replayed, each scenario against a fresh simulator. In percent: *status*, answers with the recorded
HTTP status; *error*, recorded refusals with the same status and code; *paths*, members of recorded bodies that the answer has
too, with the same JSON type; *values*, those that the request determines and that are equal; *extra*, members that Azure does
not answer with (low is good); *refused*, requests that are refused by name. Scenarios use whatever Azure offered their
recorder: subscriptions with other people's resources, principals of another directory, services that are not modelled here.
A provider therefore misses also what a neighbour does not model.
"""


def main() -> int:
    if not recordings.available():
        print(f"There are no recordings at {recordings.RECORDINGS}.", file=sys.stderr)
        return 2
    PAGE.write_text(page(recordings.replay()), "utf-8")
    print(f"{PAGE.relative_to(recordings.REPOSITORY)} is written.")
    return 0


def page(replayed: dict[str, recordings.Replayed]) -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, "## Resource types", "", *modelled(), *refused(), FIGURES, *figures(replayed), ""])


def modelled() -> list[str]:
    """Every namespace with its types, their actions, and requests that belong to no type."""
    registry.load_all()
    lines = []
    for namespace in sorted(NAMESPACES):
        kinds = [kind for key, kind in sorted(registry.TYPES.items()) if key.startswith(namespace + "/")]
        if not kinds:
            continue
        name = kinds[0].type.partition("/")[0]
        lines += [f"### {name}", ""]
        for kind in kinds:
            actions = sorted(action.name for action in kind.actions.values())
            lines.append(f"- {kind.type.partition('/')[2]}" + (f" ({', '.join(actions)})" if actions else ""))
        lines.append("")
    return lines


def refused() -> list[str]:
    """What is known and refused by name."""
    known = {kind.partition("/")[0] for kind in registry.TYPES}
    spaces = sorted(set(api_versions.namespaces()) - known)
    return [
        "## Refused by name",
        "",
        f"- Every resource type that is not listed above, and all of: {', '.join(spaces)}." if spaces else "",
        f"- Of the built-in roles {len(builtin_roles.rows())} are modelled with their permissions; {len(builtin_roles.named())} "
        "more are known by name, and assigning one is refused. Conditions of role assignments are not evaluated: where only a "
        "condition would decide, the request is refused.",
        f"- {len(builtin_definitions())} built-in policy definitions are modelled, no built-in initiatives; the others are refused by "
        "name. So are policy events, checkPolicyRestrictions, and `$apply` in queries of policy states.",
        "",
    ]


def figures(replayed: dict[str, recordings.Replayed]) -> list[str]:
    """The table of figures, modelled providers only, the most recorded first."""
    rows = [row for row in replayed.values() if row.modelled and row.sent >= recordings.ENOUGH]
    lines = ["| provider | sent | " + " | ".join(recordings.FIGURES) + " | refused |", "|" + " --- |" * 8]
    for row in sorted(rows, key=lambda row: (-row.sent, row.provider)):
        shares = ["" if row.shares[name] is None else f"{row.shares[name]:.1f}" for name in recordings.FIGURES]
        lines.append(f"| {row.provider} | {row.sent} | {' | '.join(shares)} | {row.refused} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
