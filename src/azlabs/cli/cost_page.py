"""What `azlabs cost` works out and shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from azlabs.catalog.labs import load_lab
from azlabs.catalog.topology import word_for
from azlabs.cli.screen import dollars, minutes, table
from azlabs.spend import estimate

if TYPE_CHECKING:
    from azlabs.cli.call import Call


def show_cost(call: Call, name: str, hours: float) -> None:
    """The price of a lab's start state on Azure, by what it is for."""
    from azlabs.catalog.start_state import start_resources

    lab = load_lab(name)
    worked_out = estimate((kind, body) for _, kind, body in start_resources(lab))
    hourly = lab.cost_per_hour_usd if lab.cost_per_hour_usd is not None else worked_out.usd_per_hour
    planned = hours or lab.minutes / 60
    total = None if hourly is None else round(hourly * planned, 4)
    counts = Counter((position.type, position.usd_per_hour) for position in worked_out.positions)
    priced = [(kind, count, price) for (kind, price), count in counts.items() if price != 0]
    if call.json:
        items = [{"type": kind, "count": count, "usd_per_hour_each": price} for kind, count, price in priced]
        call.give_json(
            {"lab": lab.id, "cost_per_hour_usd": hourly, "hours": planned, "cost_usd": total, "items": items}
        )
        return
    out = call.out
    out.print(f"{lab.id} on the simulator: free.")
    if hourly is None:
        out.print(f"{lab.id} on Azure: not known, because of {', '.join(map(word_for, worked_out.unknown))}.")
    else:
        out.print(
            f"{lab.id} on Azure: {dollars(hourly)} USD an hour, {dollars(total)} USD for {minutes(planned * 60)}."
        )
    if priced:
        shown = table(">!number", "what", ">!USD/h each")
        for kind, count, price in priced:
            shown.add_row(str(count), word_for(kind), dollars(price))
        out.print(shown)
    call.say("List prices of what the lab starts with; what you add to it costs extra.")
