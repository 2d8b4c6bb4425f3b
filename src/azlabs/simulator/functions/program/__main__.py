"""python -I -S __main__.py FD: a process that workers are forked from, told what to do over the socket FD."""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path

NAME = "_azlabs_worker"


def _load() -> None:
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(NAME, here / "__init__.py", submodule_search_locations=[str(here)])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    _load()
    zygote = importlib.import_module(f"{NAME}.zygote")
    zygote.run(socket.socket(fileno=int(sys.argv[1])))
