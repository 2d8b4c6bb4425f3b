"""What `azlabs flow` asks and shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from azlabs.cli.places import cloud_meant, sandbox_meant
from azlabs.errors import AzlabsError, ExitCode

if TYPE_CHECKING:
    from azlabs.cli.call import Call

VERDICTS = {True: ("let through", "green"), False: ("refused", "red"), None: ("let through for some only", "yellow")}


def ask(call: Call, source: str, destination: str, port: str) -> int:
    """The verdict on one connection; the exit code is 0 when it is let through."""
    from azlabs.probes.network import NetworkProbe
    from azlabs.verify.reads import Reads

    protocol, number = _service(port)
    sandbox = sandbox_meant(call)
    with cloud_meant(call, sandbox) as cloud:
        probe = NetworkProbe.read(Reads(cloud.read_only()), sandbox)
        try:
            flow = probe.flow(source, destination, number, protocol)
        except ValueError as problem:
            raise AzlabsError(str(problem), action="Name an interface, an address or a service tag.") from problem
    if call.json:
        call.give_json(
            {
                "source": flow.source,
                "destination": flow.destination,
                "service": flow.service,
                "allowed": flow.allowed,
                "decided_by": flow.decided_by,
                "notes": list(flow.notes),
            }
        )
    else:
        word, style = VERDICTS[flow.allowed]
        call.out.print(Text.assemble(f"{flow.service} from {flow.source} to {flow.destination}: ", (word, style)))
        if flow.decided_by:
            call.out.print(Text(f"Decided by {flow.decided_by}"))
        for note in flow.notes:
            call.say(note)
    return ExitCode.DONE if flow.allowed else ExitCode.NOT_PASSED


def _service(text: str) -> tuple[str, str | None]:
    """Protocol and port of `443`, `Udp/53`, `Icmp`."""
    protocol, sign, port = text.partition("/")
    if sign:
        return protocol, port
    return ("Tcp", text) if text[:1].isdigit() or text == "*" else (text, None)
