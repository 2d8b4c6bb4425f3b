"""Back to the start: also what Azure lets nobody change back."""

from __future__ import annotations

from azlabs.sandbox.reset import reset

from .bench import CONFIGURATION, Bench


def test_the_whole_lab_goes_back_with_its_data_and_its_code(bench: Bench) -> None:
    bench.queue(requiresSession=True)
    reset(bench.sandbox, bench.lab, bench.cloud, ledger=bench.ledger)
    assert bench.done() == []
    guards = [check for check in bench.report.checks if check.kind == "guard" and check.task in CONFIGURATION]
    assert guards and all(check.status == "pass" for check in guards)
    account = bench.cloud.get(bench["cosmosId"], "2024-11-15")["properties"]
    assert [entry["name"] for entry in account["capabilities"]] == ["EnableServerless"]
    queue = bench.cloud.get(f"{bench['namespaceId']}/queues/documents", "2024-01-01")["properties"]
    assert (queue["requiresDuplicateDetection"], queue["requiresSession"]) == (False, False)


def test_one_task_goes_back_and_the_others_are_done_again(bench: Bench) -> None:
    report = reset(bench.sandbox, bench.lab, bench.cloud, "queue", done=["queue", "vector-store"], ledger=bench.ledger)
    assert report.reapplied == ["vector-store"]
    assert bench.done() == ["vector-store"]
