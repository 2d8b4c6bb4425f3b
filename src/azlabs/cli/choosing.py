"""`list`, `show`, `cost`: which labs there are, what one holds, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from azlabs.cli import completion
from azlabs.cli.call import Call, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from azlabs.catalog.index import LabEntry
    from azlabs.catalog.selection import Practised

app = typer.Typer()
Lab = Annotated[str, typer.Argument(metavar="LAB", autocompletion=completion.lab_ids, show_default=False)]


@command(app, "list", epilog="Example: azlabs list --exam az-104 --service network")
def list_labs(
    call: Call,
    exam: Annotated[
        str, typer.Option(metavar="CODE", help="An exam: az-104.", autocompletion=completion.exam_codes)
    ] = "",
    domain: Annotated[str, typer.Option(metavar="ID", help="A domain: az104.network, or network.")] = "",
    objective: Annotated[str, typer.Option(metavar="ID", help="An objective: az104.network.nsg-rules.")] = "",
    service: Annotated[str, typer.Option(metavar="NAME", help="A part of an Azure service's name.")] = "",
    level: Annotated[
        str, typer.Option(metavar="LEVEL", help="beginner, intermediate or advanced.", autocompletion=completion.levels)
    ] = "",
    objectives: Annotated[bool, typer.Option("--objectives", help="Objectives, and which labs practise each.")] = False,
) -> None:
    """Show the labs, all or those that match."""
    from azlabs.catalog.index import entries
    from azlabs.catalog.selection import practised, select

    labs = select(
        entries(),
        exam=exam or None,
        domain=domain or None,
        objective=objective or None,
        service=service or None,
        level=level or None,
    )
    if objectives:
        _show_objectives(call, practised(entries(), exam=exam or None, domain=domain or None))
    elif call.json:
        call.give_json({"labs": [lab.to_json() for lab in labs if not lab.broken]})
    else:
        _show_labs(call, labs)
    for lab in labs:
        if lab.broken:
            call.say(f"{lab.id} is broken: {lab.broken}")


def _show_labs(call: Call, labs: Sequence[LabEntry]) -> None:
    from azlabs.cli.screen import dollars, table

    if not labs:
        call.say("No lab matches yet. `azlabs list` shows all labs.")
        return
    shown = table("!lab", "!exam", "!level", ">!min", ">!pts", ">!USD/h", "title")
    for lab in labs:
        if not lab.broken:
            cost = dollars(lab.cost_per_hour_usd)
            shown.add_row(lab.id, lab.exam, lab.level, str(lab.minutes), str(lab.points), cost, lab.title)
    call.out.print(shown)
    call.say("USD/h is the price on Azure; on the simulator every lab is free. Next: azlabs show LAB, azlabs up LAB.")


def _show_objectives(call: Call, found: Sequence[Practised]) -> None:
    if call.json:
        call.give_json({"objectives": [objective.to_json() for objective in found]})
        return
    from rich.text import Text

    from azlabs.cli.screen import table

    shown = table("!objective", "what it asks, and the labs that practise it")
    for position, objective in enumerate(found):
        if position and objective.domain != found[position - 1].domain:
            shown.add_section()
        labs = [Text(f"lab {lab}", style="green") for lab in objective.labs]
        shown.add_row(objective.id, Text("\n").join([Text(objective.title), *labs]))
    call.out.print(shown)
    with_lab = sum(bool(objective.labs) for objective in found)
    call.say(f"{with_lab} of {len(found)} objectives have a lab.")


@command(app, "show", epilog="Example: azlabs show LAB --svg > lab.svg")
def show(
    call: Call,
    lab: Lab,
    svg: Annotated[bool, typer.Option("--svg", help="Print only the picture of the start state, as SVG.")] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print only the picture, as a Mermaid diagram.")] = False,
) -> None:
    """Show what a lab is about: its tasks, and what it starts from."""
    from azlabs.cli.lab_page import show_lab, show_picture

    if svg or mermaid:
        show_picture(call, lab, "svg" if svg else "mermaid")
    else:
        show_lab(call, lab)


@command(app, "cost", epilog="Example: azlabs cost LAB --hours 8")
def cost(
    call: Call,
    lab: Lab,
    hours: Annotated[
        float, typer.Option(metavar="HOURS", min=0, help="How long; else as long as the lab takes.", show_default=False)
    ] = 0.0,
) -> None:
    """Show what a lab costs on Azure, and that it costs nothing on the simulator."""
    from azlabs.cli.cost_page import show_cost

    show_cost(call, lab, hours)
