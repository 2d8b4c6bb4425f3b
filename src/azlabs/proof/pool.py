"""Trials side by side: processes forked from this one, which has everything warm."""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from azlabs.cloud import scratch
from azlabs.proof.mutant import Mutant
from azlabs.proof.trial import Bench, Trial, attempt

_CHUNK = 4
_MOST = 8


_bench: Bench | None = None


def workers() -> int:
    """How many processes to use: one for each processor that this process may use."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    return max(1, min(count, _MOST))


def trials(bench: Bench, mutants: Sequence[Mutant], jobs: int | None = None) -> Iterator[Trial]:
    """The trial of each mutant, in any order. Without `fork` (Windows), or with one job, in this process."""
    jobs = min(jobs or workers(), (len(mutants) + _CHUNK - 1) // _CHUNK)
    if jobs < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from (attempt(bench, mutant) for mutant in mutants)
        return
    global _bench
    _bench = bench
    try:
        with tempfile.TemporaryDirectory(prefix="azlabs-trials-") as folder:
            context = multiprocessing.get_context("fork")
            with context.Pool(jobs, initializer=_settle, initargs=(folder,)) as pool:
                yield from pool.imap_unordered(_try, mutants, chunksize=_CHUNK)
                # Not terminated: each ends what its cloud started.
                pool.close()
                pool.join()
    finally:
        _bench = None


def _settle(folder: str) -> None:
    """In a new process: a workspace and a cloud of its own; Ctrl-C is for the parent to handle."""
    global _bench
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    multiprocessing.util.Finalize(None, _leave, exitpriority=10)
    assert _bench is not None
    sandbox: Any = _bench.sandbox
    workspace = Path(folder) / str(os.getpid())
    if sandbox.workspace is not None and Path(sandbox.workspace).is_dir():
        shutil.copytree(sandbox.workspace, workspace)
    else:
        workspace.mkdir()
    # Not a clone: whatever the parent's cloud was doing when it was forked goes on in the parent only.
    cloud = scratch()
    cloud.restore(_bench.snapshot)
    _bench = replace(_bench, sandbox=replace(sandbox, workspace=workspace), cloud=cloud)


def _leave() -> None:
    """At the end of a process of the pool: nothing that its cloud started stays behind."""
    if _bench is not None:
        _bench.cloud.close()


def _try(mutant: Mutant) -> Trial:
    assert _bench is not None
    return attempt(_bench, mutant)
