"""`azlabs simulator faults`: let the simulator fail as Azure sometimes does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from azlabs.cli.call import Call, command

if TYPE_CHECKING:
    from azlabs.cloud.simulator_faults import Fault

app = typer.Typer(
    name="faults", add_completion=False, no_args_is_help=True, help="Let requests fail, wait or lose their connection."
)
KINDS = (
    "fail, throttle, delay, drop-before, drop-after, operation-fails, operation-hangs, arm-limits or cosmos-limits"
)


@app.callback()
def _group() -> None:
    """Let requests fail, wait or lose their connection."""


@command(app, "add", epilog="Example: azlabs simulator faults add throttle --method PUT --times 3 --seconds 2")
def add(
    call: Call,
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"What happens: {KINDS}.", show_default=False)],
    method: Annotated[str, typer.Option(metavar="PATTERN", help="Requests with this method.")] = "*",
    host: Annotated[str, typer.Option(metavar="PATTERN", help="Requests to this public host name.")] = "*",
    path: Annotated[str, typer.Option(metavar="PATTERN", help="Requests with this path.")] = "*",
    type: Annotated[str, typer.Option(metavar="PATTERN", help="Requests about this resource type.")] = "*",
    nth: Annotated[int, typer.Option(metavar="N", min=1, help="Begin with the n-th such request.")] = 1,
    times: Annotated[int, typer.Option(metavar="N", min=0, help="How many requests; 0: all.")] = 1,
    probability: Annotated[float, typer.Option(metavar="P", min=0, max=1, help="Each with this probability.")] = 1.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Decides which ones, always the same.")] = 0,
    status: Annotated[int, typer.Option(metavar="N", min=400, max=599, help="The status of a failure.")] = 500,
    code: Annotated[str, typer.Option(metavar="CODE", help="Its error code.")] = "InternalServerError",
    seconds: Annotated[float, typer.Option(metavar="S", min=0, help="How long a delay is, or Retry-After.")] = 1.0,
    inside: Annotated[bool, typer.Option("--inside", help="Also what Azure itself asks for in a deployment.")] = False,
) -> None:
    """Let requests fail from now on, in this and every other process that uses the simulator."""
    from azlabs.cloud import simulator_faults

    added = simulator_faults.add(
        kind, method=method, host=host, path=path, type=type, nth=nth, times=times, probability=probability, seed=seed,
        status=status, code=code, seconds=seconds, inside=inside,
    )  # fmt: skip
    if call.json:
        call.give_json(_shown(added) if added else {"kind": kind})
    else:
        call.out.print(_told(added) if added else f"{kind}: on", markup=False, soft_wrap=True)


@command(app, "list", epilog="Example: azlabs simulator faults list --json")
def show(call: Call) -> None:
    """Show what may still happen, and how often it has."""
    from azlabs.cloud import simulator_faults

    found = simulator_faults.waiting()
    if call.json:
        call.give_json({"faults": [_shown(fault) for fault in found.faults], "limits": list(found.limits)})
        return
    for fault in found.faults:
        call.out.print(_told(fault), markup=False, soft_wrap=True)
    for limit in found.limits:
        call.out.print(f"{limit}: on", markup=False)
    if not found.faults and not found.limits:
        call.out.print("No faults: every request is answered.")


@command(app, "clear", epilog="Example: azlabs simulator faults clear")
def clear(
    call: Call,
    number: Annotated[int, typer.Argument(metavar="[NUMBER]", min=0, help="Which one; all without it.", show_default=False)] = 0,
) -> None:
    """Take faults and limits away; operations that hung go on."""
    from azlabs.cloud import simulator_faults

    gone = simulator_faults.clear(number or None)
    if call.json:
        call.give_json({"cleared": gone})
    else:
        call.out.print(f"{gone} cleared." if gone else "There was nothing to clear.")


_OF_KIND = {"fail": ("status", "code"), "throttle": ("retry_after",), "delay": ("seconds",), "operation-fails": ("code",)}
_ALWAYS = ("id", "kind", "method", "host", "path", "type", "nth", "times", "probability", "seed", "inside", "seen", "struck")


def _shown(fault: Fault) -> dict[str, Any]:
    told = fault.to_json()
    return {name: told[name] for name in (*_ALWAYS, *_OF_KIND.get(fault.kind, ()))}


def _told(fault: Fault) -> str:
    told = _shown(fault)
    which = [f"{name} {told[name]}" for name in ("method", "host", "path", "type") if told[name] != "*"]
    chance = f", each with probability {fault.probability:g}" if fault.probability < 1 else ""
    often = f"{fault.times} of them" if fault.times else "all of them"
    begins = f", from number {fault.nth} on" if fault.nth > 1 else ""
    what = " ".join(str(told[name]) for name in _OF_KIND.get(fault.kind, ()))
    return (
        f"{fault.id}  {fault.kind}{' ' + what if what else ''}: {', '.join(which) or 'every request'}; {often}{begins}{chance}; "
        f"seen {fault.seen}, struck {fault.struck}"
    )
