"""Which lab, which sandbox, which cloud: the same questions at the start of most commands."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from azlabs.errors import AzlabsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azlabs.catalog.labs import Lab
    from azlabs.cli.call import Call
    from azlabs.cloud import Cloud
    from azlabs.sandbox.model import Sandbox

DEFAULT = "simulator"


class OtherCloud(AzlabsError):
    """The sandbox lives somewhere else than where the command was sent."""


def lab_named(call: Call, name: str | Path) -> Lab:
    """A lab to be run. One from outside azlabs is code: it is named as such, and the person asked once."""
    from azlabs.catalog.labs import load_lab
    from azlabs.catalog.trust import is_trusted, trust

    lab = load_lab(name)
    if not is_trusted(lab):
        call.say(f"The lab {lab.id} in {lab.folder} did not come with azlabs. Its checks are code that runs as you.")
        call.must_agree(f"Trust {lab.folder}?")
        trust(lab)
    return lab


def sandbox_meant(call: Call) -> Sandbox:
    """The sandbox that --sandbox names, else that of this folder, else the only one."""
    from azlabs.sandbox.find import find
    from azlabs.sandbox.ledger import Ledger

    ledger = Ledger()
    try:
        return find(call.sandbox or None, ledger=ledger)
    finally:
        for notice in ledger.notices:
            call.say(notice)


@contextmanager
def cloud_meant(call: Call, sandbox: Sandbox | None = None, subscription: str = "") -> Iterator[Cloud]:
    """The cloud of --cloud, else AZLABS_CLOUD, else the sandbox's own, else the simulator, which is then said."""
    from azlabs.cloud import connect

    name = call.cloud or os.environ.get("AZLABS_CLOUD", "")
    if sandbox is not None:
        if name and name != sandbox.cloud:
            raise OtherCloud(
                f"The sandbox {sandbox.id} is on the cloud '{sandbox.cloud}', not on '{name}'.",
                action="Leave out --cloud, or unset AZLABS_CLOUD.",
            )
        name = sandbox.cloud
    elif not name:
        name = DEFAULT
        call.say("Cloud: the simulator (--cloud azure uses your subscription).")
    cloud = connect(name, subscription=(sandbox.subscription_id if sandbox else subscription) or None)
    try:
        for notice in cloud.notices:
            call.say(notice)
        yield cloud
    finally:
        cloud.close()
