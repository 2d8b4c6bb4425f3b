"""A whole attempt: verdicts, feedback, time limits, what is read, what is reported."""

from __future__ import annotations

import subprocess
import sys
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azlabs.cloud.errors import AzureError
from azlabs.errors import ExitCode
from azlabs.progress import Event
from azlabs.verify import LabView, Report, attempts, junit, record, run, write_junit
from azlabs.verify.outcome import CheckFailed
from azlabs.verify.reads import Reads

Make = Callable[..., Any]
VNETS = "/subscriptions/sub/resourcegroups/rg/providers/microsoft.network/virtualnetworks"


def verdict(report: Report, name: str) -> Any:
    return next(entry for entry in report.checks if entry.id == name)


def test_a_check_that_returns_passes_and_its_last_expectation_is_reported(
    make_lab: Make, sandbox: Any, cloud: Any
) -> None:
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n    """A."""\n'
        '    expect(lab.outputs["x"] == 1, found=1, expected=[1, True], fix="no")\n',
        one=10,
    )
    sandbox.outputs = {"x": 1}
    report = run(lab, sandbox, cloud)
    entry = verdict(report, "a")
    assert (entry.status, entry.earned, entry.found, entry.expected, entry.fix) == ("pass", 10, "1", "1, yes", "")
    assert (report.score, report.passed, report.exit_code) == (1000, True, ExitCode.DONE)


def test_a_failed_expectation_gives_found_expected_decider_and_fix(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n'
        '    expect(False, found="80, 443", expected="443", decided_by="rule allow-shop", fix="Look at allow-shop.")\n',
        one=10,
    )
    report = run(lab, sandbox, cloud)
    assert verdict(report, "a").to_json() == {
        "id": "a",
        "task": "one",
        "status": "fail",
        "points": 10,
        "earned": 0,
        "found": "80, 443",
        "expected": "443",
        "decided_by": "rule allow-shop",
        "fix": "Look at allow-shop.",
    }
    assert report.exit_code == ExitCode.NOT_PASSED


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ('raise CannotJudge("The tag Foo is unknown.")', "error", "The tag Foo is unknown."),
        ('not_yet("The role was given a minute ago.")', "error", "a minute ago"),
        ('waits_for("two")', "fail", "'two' is done"),
        ("1 / 0", "error", "checks.py(4): ZeroDivisionError"),
        ('lab.outputs["missing"]', "error", "KeyError"),
        ('lab.one("Microsoft.Network/virtualNetworks")', "fail", "was not found"),
        ('lab.find("Microsoft.Forbidden/things")', "error", "may not read"),
        ('lab.find("Microsoft.Unmodelled/things")', "error", "not modelled"),
        ("lab.access", "error", "cannot tell what a principal may do"),
    ],
)
def test_what_cannot_be_judged_is_an_error_and_what_is_missing_a_failure(
    make_lab: Make, sandbox: Any, cloud: Any, body: str, status: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azlabs.probes.access", None)
    base = "/subscriptions/sub/resourcegroups/rg/providers/"
    cloud.known[base + "microsoft.forbidden/things"] = AzureError(403, "AuthorizationFailed", "No.")
    cloud.known[base + "microsoft.unmodelled/things"] = AzureError(
        501, "NotModelledBySimulator", "Microsoft.Unmodelled/things is not modelled."
    )
    lab = make_lab(f'@check("one", points=10)\ndef a(lab):\n    {body}\n', one=10, two=0)
    entry = verdict(run(lab, sandbox, cloud), "a")
    assert (entry.status, entry.earned) == (status, 0)
    assert words in entry.found


def test_what_the_cloud_does_not_model_is_said_in_the_report(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    cloud.known[VNETS] = AzureError(501, "NotModelledBySimulator", "Networks are not modelled.")
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n'
        '    lab.not_modelled("Outbound addresses are not judged.")\n'
        '    lab.find("Microsoft.Network/virtualNetworks")\n',
        one=10,
    )
    report = run(lab, sandbox, cloud)
    assert report.not_modelled == ("Networks are not modelled.", "Outbound addresses are not judged.")
    assert report.exit_code == ExitCode.UNREACHABLE


def test_json_has_the_published_shape(make_lab: Make, sandbox: Any, cloud: Any, task: Any) -> None:
    lab = make_lab(
        '@check("one", points=15)\ndef a(lab): ...\n@guard("*")\ndef g(lab): ...\n',
        task("one", 15, ("az104.network.nsg-effective", "az104.network.connectivity")),
    )
    data = run(lab, sandbox, cloud).to_json()
    assert {name: data[name] for name in ("sandbox", "lab", "score", "max_score", "passed", "tasks")} == {
        "sandbox": "box-1",
        "lab": "a-lab",
        "score": 1000,
        "max_score": 1000,
        "passed": True,
        "tasks": [{"id": "one", "points": 15, "earned": 15}],
    }
    assert data["objectives"] == [
        {"id": "az104.network.nsg-effective", "points": 7.5, "earned": 7.5},
        {"id": "az104.network.connectivity", "points": 7.5, "earned": 7.5},
    ]
    assert [entry["id"] for entry in data["checks"]] == ["a", "g"]
    assert data["checks"][0]["found"] is None
    assert data["cloud"] == "fake"
    assert "not Microsoft's scaled score" in data["note"]


def test_each_thing_is_read_once_by_all_checks_together(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    cloud.known[VNETS] = {"value": [{"id": "/x", "name": "net"}]}
    one = '@check("one", points=1)\ndef c{0}(lab):\n    assert lab.find("Microsoft.Network/virtualNetworks")\n'
    lab = make_lab("".join(one.format(number) for number in range(20)), one=20)
    report = run(lab, sandbox, cloud)
    assert report.score == 1000
    assert cloud.asked[VNETS] == 1


def test_fresh_reads_again(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    cloud.known[VNETS] = {"value": []}
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n'
        '    lab.find("Microsoft.Network/virtualNetworks")\n    lab.fresh()\n'
        '    lab.find("Microsoft.Network/virtualNetworks")\n',
        one=10,
    )
    run(lab, sandbox, cloud)
    assert cloud.asked[VNETS] == 2


def test_eventually_takes_the_first_answer_that_holds_and_reads_afresh(
    make_lab: Make, sandbox: Any, cloud: Any
) -> None:
    cloud.known[VNETS] = {"value": []}
    lab = make_lab(
        "tries = []\n"
        '@check("one", points=5)\ndef a(lab):\n'
        "    def look():\n"
        "        tries.append(1)\n"
        '        found = lab.find("Microsoft.Network/virtualNetworks")\n'
        "        expect(len(tries) > 2, found=len(tries))\n"
        "        return found or 'there'\n"
        "    assert lab.eventually(look, seconds=30) == 'there'\n"
        '@check("one", points=5)\ndef b(lab):\n'
        "    lab.eventually(lambda: expect(False, found='never'), seconds=0.1)\n",
        one=10,
    )
    report = run(lab, sandbox, cloud)
    assert verdict(report, "a").status == "pass"
    assert (verdict(report, "b").status, verdict(report, "b").found) == ("fail", "never")
    assert cloud.asked[VNETS] == 3


def test_a_check_over_its_time_is_an_error_and_the_others_go_on(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    lab = make_lab(
        "import threading\n"
        '@check("one", points=5, seconds=0.1)\ndef slow(lab):\n    threading.Event().wait(30)\n'
        '@check("one", points=5)\ndef quick(lab): ...\n',
        one=10,
    )
    report = run(lab, sandbox, cloud)
    assert (verdict(report, "slow").status, verdict(report, "quick").status) == ("error", "pass")
    assert verdict(report, "slow").found == "The check took longer than 0.1 seconds."


def test_a_cloud_may_limit_the_whole_attempt(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    cloud.verify_seconds = 0.2
    wait = '@check("one", points=1)\ndef c{0}(lab):\n    threading.Event().wait(30)\n'
    lab = make_lab("import threading\n" + "".join(wait.format(number) for number in range(20)), one=20)
    report = run(lab, sandbox, cloud)
    assert {entry.status for entry in report.checks} == {"error"}
    assert len(report.checks) == 20
    assert "whole verification" in report.checks[0].found


def test_threads_of_checks_do_not_keep_the_process_alive() -> None:
    program = (
        "import threading\n"
        "from azlabs.verify.runner import Runner\n"
        "from azlabs.verify.declare import Check\n"
        "wait = lambda lab: threading.Event().wait(600)\n"
        "check = Check('c', ('t',), 'positive', 1, '', False, 0.1, 'c', wait, 'f', 1)\n"
        "print(Runner(lambda check: None, workers=1).run([check])['c'].status)\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert answer.stdout.strip() == "error"


def test_checks_that_act_run_last_one_at_a_time_with_their_own_client(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    lab = make_lab(
        "order = []\n"
        '@check("one", points=4, acts=True)\ndef a(lab):\n    order.append("acts"); expect(lab._cloud.acts)\n'
        '@check("one", points=6)\ndef b(lab):\n    order.append("reads"); expect(not lab._cloud.acts)\n'
        '@check("two", points=1, acts=True)\ndef c(lab):\n    expect(order == ["reads", "acts"], found=order)\n',
        one=10,
        two=1,
    )
    assert run(lab, sandbox, cloud).score == 1000


def test_only_some_tasks_can_be_judged_and_guards_of_all_still_watch(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab): ...\n@check("two", points=10)\ndef b(lab): ...\n'
        '@guard("*")\ndef g(lab): ...\n',
        one=10,
        two=10,
    )
    report = run(lab, sandbox, cloud, only=["two"])
    assert {entry.id for entry in report.checks} == {"b", "g"}
    assert [task.earned for task in report.tasks] == [0, 10]
    assert report.passed is None


def test_progress_tells_of_every_check(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    seen: list[Event] = []
    lab = make_lab('@check("one", points=10)\ndef a(lab):\n    """Title."""\n    expect(False)\n', one=10)
    run(lab, sandbox, cloud, progress=seen.append)
    assert [(event.subject, event.state, event.detail) for event in seen] == [
        ("a", "running", "Title."),
        ("a", "failed", "Title."),
    ]


def test_an_interrupt_stops_the_attempt_and_what_still_reads_for_it(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    stopped = threading.Event()
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n'
        "    try:\n"
        '        lab.eventually(lambda: lab.find("Microsoft.Network/virtualNetworks"), seconds=60)\n'
        "    finally:\n"
        "        lab.outputs['stopped'].set()\n"
        '@check("one", points=1)\ndef quick(lab): ...\n',
        one=11,
    )
    sandbox.outputs = {"stopped": stopped}

    def interrupt(event: Event) -> None:
        if event.subject == "quick":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(lab, sandbox, cloud, progress=interrupt)
    assert stopped.wait(10)


@pytest.mark.parametrize(
    "secret",
    [
        "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=abcd1234efgh5678==;EndpointSuffix=core.windows.net",
        "Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=qwertyuiop12345=",
        "https://x.blob.core.windows.net/c?sv=2024&sig=AbCdEf%2Bqwe%3D&se=1",
        "Authorization: Bearer AbCdEfGhIjKlMnOpQr",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2lnbmF0dXJl",
        "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zg==",
        "password: hunter2-hunter2",
    ],
)
def test_feedback_never_shows_a_secret(make_lab: Make, sandbox: Any, cloud: Any, secret: str) -> None:
    lab = make_lab(f'@check("one", points=10)\ndef a(lab):\n    raise RuntimeError({secret!r})\n', one=10)
    report = run(lab, sandbox, cloud)
    canaries = ("abcd1234efgh5678", "qwertyuiop12345", "AbCdEf", "c2lnbmF0dXJl", "Zm9vYmFyYmF6", "hunter2")
    text = verdict(report, "a").found + str(report.to_json()) + junit(report)
    assert not [canary for canary in canaries if canary in text]
    assert "(hidden)" in text


def test_a_key_that_was_read_is_hidden_wherever_it_turns_up(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    cloud.known[VNETS] = {"value": [{"properties": {"primaryKey": "plain-looking-canary"}}]}
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n'
        '    found = lab.find("Microsoft.Network/virtualNetworks")[0]["properties"]["primaryKey"]\n'
        "    expect(False, found=f'it says {found}')\n",
        one=10,
    )
    assert verdict(run(lab, sandbox, cloud), "a").found == "it says (hidden)"


def test_find_looks_by_property_through_all_pages_and_into_children(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    cloud.known[VNETS] = {"value": [{"id": "/net/a", "location": "SwedenCentral"}], "nextLink": "page-2"}
    cloud.known["page-2"] = {"value": [{"id": "/net/b", "location": "westeurope"}]}
    cloud.known["/net/a/subnets"] = {"value": [{"name": "s1"}, {"name": "s2"}]}
    cloud.known["/net/b/subnets"] = {"value": []}
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n'
        '    kind = "Microsoft.Network/virtualNetworks"\n'
        '    expect(lab.one(kind, {"location": "swedencentral"})["id"] == "/net/a")\n'
        '    expect(len(lab.find(kind, lambda net: net["id"] > "/net/a")) == 1)\n'
        '    expect(len(lab.find(kind + "/subnets")) == 2)\n'
        '    group = "/subscriptions/sub/resourceGroups/rg"\n'
        '    expect(lab.get(f"{group}/providers/{kind}/no") is None)\n'
        "    lab.one(kind)\n",
        one=10,
    )
    entry = verdict(run(lab, sandbox, cloud), "a")
    assert (entry.status, entry.expected) == ("fail", "one virtualNetworks")
    assert entry.found.startswith("2 virtualNetworks")


@pytest.mark.parametrize(
    ("file", "status", "words"),
    [
        ("office:\n  verdict: Allow \n  Rule: 'Allow-Office'\n", "pass", ""),
        ("office: {verdict: no, rule: x}\n", "fail", "no"),
        ("", "fail", "nothing"),
        ("office:\n", "fail", "nothing"),
        ("office: allow\n", "fail", "nothing"),
        ("- a\n- b\n", "fail", "holds no answers"),
        ("office: [unclosed\n", "fail", "answers.yaml, line 2"),
        ("office: \x01\n", "fail", "not a YAML file"),
    ],
)
def test_answers_are_read_leniently(
    make_lab: Make, sandbox: Any, cloud: Any, file: str, status: str, words: str
) -> None:
    (sandbox.workspace / "answers.yaml").write_text(file)
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n'
        '    answer = lab.answers["office"]\n'
        '    expect(answer["verdict"].is_any_of("allow"), found=answer["verdict"])\n'
        '    expect(answer["rule"].is_any_of("allow-office"), found=answer["rule"])\n',
        one=10,
    )
    entry = verdict(run(lab, sandbox, cloud), "a")
    assert entry.status == status
    assert words in entry.found


def test_a_workspace_without_answers_has_empty_answers(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    lab = make_lab('@check("one", points=10)\ndef a(lab):\n    expect(not lab.answers["x"]["y"])\n', one=10)
    assert run(lab, sandbox, cloud).score == 1000
    sandbox.workspace = None
    assert run(lab, sandbox, cloud).score == 1000


def test_the_next_step_is_the_first_undone_task_guards_first(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    source = (
        '@check("one", points=10)\ndef a(lab): ...\n'
        '@check("two", points=6)\ndef b(lab):\n    """The door opens."""\n'
        '    expect(False, found="shut", fix="Turn the key")\n'
        '@check("two", points=4)\ndef c(lab):\n    waits_for("one")\n'
        '@guard("two")\ndef g(lab):\n    """The house stands."""\n    expect({stands}, found="rubble")\n'
    )
    standing = run(make_lab(source.format(stands=True), one=10, two=10), sandbox, cloud)
    assert standing.next_step == "Task two: make this true: The door opens. Turn the key."
    fallen = run(make_lab(source.format(stands=False), one=10, two=10), sandbox, cloud)
    assert fallen.next_step == "Task two: make this true: The house stands. Found: rubble. `azlabs hint two` helps."


def test_the_next_step_after_everything_is_to_take_it_away(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    assert "azlabs down" in run(make_lab('@check("one", points=1)\ndef a(lab): ...\n', one=1), sandbox, cloud).next_step


def test_the_next_step_names_what_could_not_be_judged_only_when_nothing_failed(
    make_lab: Make, sandbox: Any, cloud: Any
) -> None:
    source = (
        '@check("one", points=1)\ndef a(lab):\n    not_yet("The role is new")\n'
        '@check("two", points=1)\ndef b(lab):\n    """B."""\n    expect({b})\n'
    )
    assert run(make_lab(source.format(b=False), one=1, two=1), sandbox, cloud).next_step.startswith(
        "Task two: make this true: B."
    )
    waiting = run(make_lab(source.format(b=True), one=1, two=1), sandbox, cloud).next_step
    assert waiting == "Task one: The role is new. Wait a little and run `azlabs verify` again."


def test_junit_holds_every_check_and_survives_odd_characters(
    make_lab: Make, sandbox: Any, cloud: Any, tmp_path: Path
) -> None:
    lab = make_lab(
        '@check("one", points=5)\ndef a(lab):\n    """<A> & "b"."""\n    expect(False, found="\\x00 <bad> \\ud800")\n'
        '@check("one", points=3)\ndef b(lab):\n    raise CannotJudge("dark")\n'
        '@check("one", points=2)\ndef c(lab): ...\n',
        one=10,
    )
    write_junit(run(lab, sandbox, cloud), tmp_path / "junit.xml")
    suite = ElementTree.parse(tmp_path / "junit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    cases = suite.findall("testcase")
    assert cases[0].get("name") == '<A> & "b".'
    assert "<bad>" in (cases[0][0].get("message") or "")
    assert [len(case) for case in cases] == [1, 1, 0]
    assert "not Microsoft" in ElementTree.tostring(suite, encoding="unicode")


def test_the_history_keeps_points_and_survives_damage(make_lab: Make, sandbox: Any, cloud: Any, tmp_path: Path) -> None:
    report = run(make_lab('@check("one", points=1)\ndef a(lab): ...\n', one=1), sandbox, cloud)
    folder = tmp_path / "box"
    record(report, folder)
    (folder / "attempts.jsonl").open("a").write("{torn\n")
    record(report, folder)
    assert [(attempt.score, attempt.done) for attempt in attempts(folder)] == [(1000, ("one",))] * 2
    assert attempts(tmp_path / "nowhere") == []


def test_an_error_of_azure_is_told_in_azures_words_and_code(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    cloud.known[VNETS] = AzureError(500, "InternalServerError", "Azure stumbled.", action="Try again.")
    lab = make_lab(
        '@check("one", points=10)\ndef a(lab):\n    lab.find("Microsoft.Network/virtualNetworks")\n'
        '@check("two", points=10)\ndef b(lab):\n    1 / 0\n',
        one=10,
        two=10,
    )
    report = run(lab, sandbox, cloud)
    entry = verdict(report, "a")
    assert (entry.status, entry.found, entry.fix) == ("error", "Azure stumbled.", "Try again.")
    assert entry.decided_by == "InternalServerError"
    assert report.not_modelled == ()
    assert (verdict(report, "b").fix, verdict(report, "b").decided_by) == ("", "")


def test_a_refusal_of_azlabs_itself_is_told_with_what_to_do(make_lab: Make, sandbox: Any, cloud: Any) -> None:
    lab = make_lab(
        "from azlabs.errors import AzlabsError\n"
        '@check("one", points=10)\ndef a(lab):\n    raise AzlabsError("This is odd.", action="Do that.")\n',
        one=10,
    )
    entry = verdict(run(lab, sandbox, cloud), "a")
    assert (entry.status, entry.found, entry.fix) == ("error", "This is odd.", "Do that.")


def test_whoever_looks_on_may_cap_every_wait(sandbox: Any, cloud: Any) -> None:
    looks: list[int] = []
    view = LabView(sandbox, cloud, Reads(cloud), longest_wait=0.0)
    with pytest.raises(CheckFailed):
        view.eventually(lambda: looks.append(1), seconds=600)
    assert looks == [1]
