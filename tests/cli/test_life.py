"""A lab from `lab new` to `down`, through the command line, on the simulator."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest

from azlabs.cli import main


@pytest.fixture
def mine(azlabs, tmp_path):
    """The folder of a lab that `azlabs lab new` made and that the person trusts."""
    made = azlabs("lab", "new", "one-door", "--json")
    assert made.code == 0
    return tmp_path / made.json["folder"]


@pytest.fixture
def up(azlabs, mine):
    """The same lab, up."""
    ran = azlabs("up", mine, "--yes", "--json")
    assert ran.code == 0
    return ran.json


def test_up_gives_the_sandbox_as_one_object(up, tmp_path):
    assert up["lab"] == "one-door"
    assert up["cloud"] == "simulator"
    assert up["subscription"] == "00000000-0000-0000-0000-000000000000"
    assert up["resource_groups"] == [f"azlabs-{up['sandbox']}"]
    assert up["expires"] is None
    assert up["workspace"] == str(tmp_path / "home" / "workspaces" / up["sandbox"])
    assert (up["cost_per_hour_usd"], up["existing"]) == (0.0, False)


def test_up_again_gives_the_one_that_is_up_and_asks_nothing(azlabs, mine, up):
    again = azlabs("up", mine, "--json")
    assert again.code == 0
    assert again.json == {**up, "existing": True}
    assert "is up already" in azlabs("up", mine).out


def test_the_simulator_is_chosen_in_one_line(azlabs, mine):
    assert "simulator" in azlabs("up", mine, "--yes").err.splitlines()[1]
    assert "Cloud:" not in azlabs("up", mine, "--yes", "--cloud", "simulator").err


def test_a_lab_from_outside_is_named_and_asked_about_once(azlabs, mine):
    first = azlabs("lab", "test", mine, "--sample", "1")
    assert first.code == 2
    assert "did not come with azlabs" in first.err
    assert azlabs("up", mine, "--yes").code == 0
    assert "did not come with azlabs" not in azlabs("verify").err


def test_the_untouched_start_scores_0(azlabs, up):
    ran = azlabs("verify", "--json")
    assert ran.code == 1
    report = ran.json
    assert (report["sandbox"], report["score"], report["max_score"], report["passed"]) == (
        up["sandbox"],
        0,
        1000,
        False,
    )
    assert [task["earned"] for task in report["tasks"]] == [0, 0]
    assert {check["status"] for check in report["checks"]} == {"pass", "fail"}
    failed = next(check for check in report["checks"] if check["status"] == "fail")
    assert set(failed) == {"id", "task", "status", "points", "earned", "found", "expected", "decided_by", "fix"}
    assert "rule remote (100) of nsg-web" in failed["decided_by"]


def test_the_report_for_people_ends_with_the_next_step(azlabs, up):
    ran = azlabs("verify")
    assert "Next: Task office-ssh:" in ran.out
    assert "Found: the internet" in ran.out
    assert "the_network" not in ran.out
    assert "not Microsoft's scaled score" in ran.err
    assert max(map(len, ran.out.splitlines())) <= 80
    everything = azlabs("verify", "--explain").out
    assert "Machines of the network reach TCP 443 and nothing else." in everything
    assert "az104.network.nsg-rules" in everything


def test_one_task_can_be_judged_alone(azlabs, up):
    report = azlabs("verify", "quiet-inside", "--json").json
    assert {check["task"] for check in report["checks"] if check["points"]} == {"quiet-inside"}
    azlabs("solve", "office-ssh", "--yes")
    assert azlabs("verify", "office-ssh").code == 0
    other = azlabs("verify", "quiet-inside")
    assert (other.code, "office-ssh" in other.out) == (1, False)
    unknown = azlabs("verify", "quite-inside", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "UnknownTask")


def test_a_junit_report_is_written(azlabs, up, tmp_path):
    azlabs("verify", "--junit", "report.xml")
    suites = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert [suite.get("name") for suite in suites] == ["office-ssh", "quiet-inside"]


def test_solving_task_by_task_leads_to_1000(azlabs, up):
    assert azlabs("solve", "office-ssh", "--yes", "--json").json["solved"] == ["office-ssh"]
    assert azlabs("verify", "--json").json["score"] == 600
    assert azlabs("solve", "quiet-inside", "--yes").code == 0
    ran = azlabs("verify", "--json")
    assert (ran.code, ran.json["score"], ran.json["passed"]) == (0, 1000, True)


def test_watching_ends_when_everything_is_done(azlabs, up):
    azlabs("solve", "--yes")
    ran = azlabs("verify", "--watch")
    assert ran.code == 0
    assert azlabs("verify", "--watch", "--json").code == 2


def test_solve_asks_and_show_does_not(azlabs, up):
    assert azlabs("solve", "--json").error["code"] == "NobodyToAsk"
    shown = azlabs("solve", "office-ssh", "--show")
    assert (shown.code, "203.0.113.64/28" in shown.out) == (0, True)
    steps = azlabs("solve", "--show", "--json").json["steps"]
    assert [step["task"] for step in steps] == ["office-ssh", "quiet-inside"]


def test_hints_get_plainer_each_time(azlabs, up):
    numbers = [azlabs("hint", "office-ssh", "--json").json["number"] for _ in range(4)]
    assert numbers == [1, 2, 3, 3]
    assert azlabs("hint", "office-ssh", "--number", "1", "--json").json["number"] == 1
    assert "az network nsg rule" in azlabs("hint", "office-ssh").out


def test_the_guide_knows_what_is_done(azlabs, up):
    assert [task["done"] for task in azlabs("guide", "--json").json["tasks"]] == [False, False]
    azlabs("solve", "office-ssh", "--yes")
    assert "Attempt" not in azlabs("verify").err
    assert "Attempt 2; the best before was 600, the last 600." in azlabs("verify").err
    guide = azlabs("guide", "--json").json
    assert [task["done"] for task in guide["tasks"]] == [True, False]
    shown = azlabs("guide")
    assert "Close what nobody uses" in shown.out
    assert "Next: Inside the network" in shown.err
    assert max(map(len, shown.out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("source", "port", "allowed", "code"),
    [("203.0.113.10", "443", True, 0), ("203.0.113.10", "8443", False, 1), ("VirtualNetwork", "Udp/53", True, 0)],
)
def test_flow_names_the_verdict_and_what_decides(azlabs, up, source, port, allowed, code):
    ran = azlabs("flow", source, "nic-web", port, "--json")
    assert (ran.code, ran.json["allowed"]) == (code, allowed)
    assert "nsg-web" in ran.json["decided_by"]
    assert azlabs("flow", source, "nic-web", port).code == code


def test_flow_to_nowhere_is_a_mistake(azlabs, up):
    assert azlabs("flow", "Internet", "nic-nowhere", "443", "--json").code in (2, 3)
    assert azlabs("flow", "Internet", "nic-web", "https", "--json").code == 2


def test_a_file_of_ones_own_is_deployed(azlabs, up, mine):
    ran = azlabs("deploy", mine / "alternatives" / "deny-all" / "everything.bicep", "--json")
    assert ran.code == 0
    assert [identifier.rpartition("/")[2] for identifier in ran.json["resources"]] == ["nsg-web"]
    assert azlabs("verify", "--json").json["score"] == 1000


def test_parameters_are_given_by_name_or_file(azlabs, up, tmp_path):
    (tmp_path / "asg.bicep").write_text(
        "param name string\nparam count int\nparam location string = resourceGroup().location\n"
        "resource group 'Microsoft.Network/applicationSecurityGroups@2024-05-01' = {\n"
        "  name: '${name}-${count}'\n  location: location\n}\noutput made string = group.name\n"
    )
    (tmp_path / "values.json").write_text(json.dumps({"parameters": {"name": {"value": "web"}}}))
    ran = azlabs("deploy", "asg.bicep", "-p", "values.json", "-p", "count=2", "--json")
    assert ran.json["outputs"] == {"made": "web-2"}
    assert azlabs("deploy", "asg.bicep", "-p", "nonsense", "--json").error["code"] == "Usage"
    assert "count" in azlabs("deploy", "asg.bicep", "-p", "name=x", "--json").error["message"]


def test_a_template_error_names_file_line_and_column(azlabs, up, tmp_path):
    (tmp_path / "broken.bicep").write_text("param location string\nresource x = {\n")
    error = azlabs("deploy", "broken.bicep", "--json").error
    assert "broken.bicep(2," in error["message"]


def test_reset_of_the_lab_and_of_one_task(azlabs, up):
    azlabs("solve", "--yes")
    ran = azlabs("reset", "office-ssh", "--json")
    assert (ran.code, ran.json["reapplied"]) == (0, ["quiet-inside"])
    assert azlabs("verify", "--json").json["score"] == 400
    assert azlabs("reset").code == 0
    assert azlabs("verify", "--json").json["score"] == 0


def test_status_shows_what_is_up(azlabs, up):
    (row,) = azlabs("status", "--json").json["sandboxes"]
    assert set(row) == {"sandbox", "lab", "cloud", "state", "expires", "spent_usd", "would_cost_usd"}
    assert (row["sandbox"], row["state"], row["spent_usd"]) == (up["sandbox"], "ready", 0)
    assert max(map(len, azlabs("status").out.splitlines())) <= 80


def test_status_never_cuts_an_id(azlabs, tmp_path):
    folder = azlabs("lab", "new", "a-lab-with-a-name-that-is-rather-long", "--json").json["folder"]
    sandbox = azlabs("up", folder, "--yes", "--hours", "5", "--json").json["sandbox"]
    shown = azlabs("status").out.splitlines()[2:]
    assert "".join(line.split("   ")[0].strip() for line in shown) == sandbox
    assert max(map(len, shown)) <= 80


def test_a_damaged_state_file_is_set_aside_said_and_found_again(azlabs, up, tmp_path):
    path = tmp_path / "home" / "sandboxes" / f"{up['sandbox']}.json"
    path.write_text("{")
    ran = azlabs("status", "--json")
    assert [row["sandbox"] for row in ran.json["sandboxes"]] == [up["sandbox"]]
    assert "is damaged" in ran.err
    assert "Found again by its tags" in ran.err


def test_extend_of_what_never_ends_says_so(azlabs, up):
    assert azlabs("extend", "--json").error["code"] == "NothingToExtend"


def test_extend_moves_the_end(azlabs, mine):
    azlabs("up", mine, "--yes", "--hours", "1")
    before = azlabs("status", "--json").json["sandboxes"][0]["expires"]
    assert azlabs("extend", "--hours", "2", "--json").json["expires"] > before


def test_down_shows_asks_removes_and_looks_again(azlabs, up, tmp_path):
    dry = azlabs("down", "--dry-run", "--json")
    assert dry.code == 0
    assert any(identifier.endswith("/nic-web") for identifier in dry.json["would_delete"])
    assert azlabs("down", "--json").error["code"] == "NobodyToAsk"
    ran = azlabs("down", "--yes", "--json")
    assert ran.code == 0
    assert (ran.json["sandbox"], ran.json["survivors"]) == (up["sandbox"], [])
    assert set(ran.json["deleted"]) == set(dry.json["would_delete"])
    assert azlabs("status", "--json").json == {"sandboxes": []}
    assert (tmp_path / "home" / "workspaces" / up["sandbox"] / "guide.md").is_file()


def test_down_of_all(azlabs, mine):
    azlabs("up", mine, "--yes")
    azlabs("up", mine, "--yes", "--another")
    ambiguous = azlabs("verify", "--json")
    assert (ambiguous.code, ambiguous.error["code"]) == (2, "SandboxUnclear")
    ran = azlabs("down", "--all", "--yes", "--json")
    assert (ran.code, len(ran.json["sandboxes"])) == (0, 2)


def test_a_sandbox_is_not_looked_for_on_another_cloud(azlabs, up, monkeypatch):
    ran = azlabs("verify", "--cloud", "azure", "--json")
    assert (ran.code, ran.error["code"]) == (2, "OtherCloud")
    monkeypatch.setenv("AZLABS_CLOUD", "azure")
    assert azlabs("verify", "--json").error["code"] == "OtherCloud"


def test_a_new_lab_is_valid_and_keeps_the_contract(azlabs, mine):
    assert azlabs("lab", "validate", mine, "--json").json["problems"] == []
    ran = azlabs("lab", "test", mine, "--yes", "--json")
    assert (ran.code, ran.json["problems"]) == (0, [])
    assert (ran.json["start_score"], ran.json["solution_score"]) == (0, 1000)
    assert [entry["score"] for entry in ran.json["alternatives"]] == [1000, 1000, 1000]
    assert ran.json["mutants"]["total"] > 50
    assert ran.json["mutants"]["over_strict"] == 0


def test_a_gap_in_the_checks_is_named(azlabs, mine):
    checks = mine / "checks.py"
    checks.write_text(checks.read_text().replace('reach.all("Tcp/22")', "True"))
    ran = azlabs("lab", "test", mine, "--yes")
    assert ran.code == 1
    assert "Nothing noticed nsg-web/securityRules/remote/sourcePortRange" in ran.out.replace("\n", " ")


def test_a_solution_can_be_tried_alone(azlabs, mine):
    ran = azlabs("lab", "test", mine, "--yes", "--solution", mine / "alternatives" / "deny-all", "--json")
    assert ran.json["alternatives"] == [{"name": "deny-all", "score": 1000}]


def test_a_lab_is_not_written_over(azlabs, mine):
    assert azlabs("lab", "new", mine.name, "--json").error["code"] == "CannotScaffold"
    assert azlabs("lab", "new", "Not a name", "--json").code == 2


def test_validate_names_what_is_wrong_and_ends_with_1(azlabs, mine):
    (mine / "guide.md").unlink()
    ran = azlabs("lab", "validate", mine, "--json")
    assert (ran.code, ran.json["problems"][0]["file"]) == (1, str(mine / "guide.md"))
    assert "guide" in azlabs("lab", "validate", mine).out


def test_the_schema_is_printed(capsys):
    assert main(["lab", "validate", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["tasks"]


def test_saying_no_ends_with_1_and_does_nothing(azlabs, up, monkeypatch):
    monkeypatch.setattr("azlabs.cli.call.Call.can_ask", True)
    monkeypatch.setattr("typer.confirm", lambda *_words, **_options: False)
    for command in (["solve"], ["reset"], ["down"], ["simulator", "reset"]):
        ran = azlabs(*command)
        assert (ran.code, "Nothing was done." in ran.err) == (1, True)
    assert azlabs("verify", "--json").json["score"] == 0


def test_proving_on_azure_needs_azure(azlabs, mine, monkeypatch):
    from azlabs.cloud.errors import CredentialMissing

    def nobody(*_arguments, **_options):
        raise CredentialMissing("Nobody is signed in to Azure.", action="Sign in.", code="NoAzureCredential")

    monkeypatch.setattr("azlabs.cloud.azure.connect", nobody)
    ran = azlabs("lab", "test", mine, "--yes", "--cloud", "azure", "--json")
    assert (ran.code, ran.error["code"]) == (3, "NoAzureCredential")
