"""How commands fail: a sentence, what to do, an exit code, and the same as an object."""

from __future__ import annotations

import pytest

from azlabs.cli import app as application
from azlabs.cli import main
from azlabs.errors import AzlabsError, ExitCode


@pytest.fixture
def failing(monkeypatch):
    """Makes `status` fail in the way that is wanted."""

    def with_problem(problem: BaseException) -> None:
        def fail(*_arguments):
            raise problem

        monkeypatch.setattr("azlabs.sandbox.status.status", fail)

    return with_problem


def test_a_failure_is_a_sentence_an_action_and_a_code(azlabs, failing):
    problem = AzlabsError("The door is shut.", action="Open it.", code="DoorShut", exit_code=ExitCode.UNREACHABLE)
    failing(problem)
    ran = azlabs("status")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "The door is shut. (DoorShut)\nOpen it.\n"


def test_the_same_as_an_object_on_standard_output(azlabs, failing):
    failing(AzlabsError("The door is shut.", action="Open it.", code="DoorShut"))
    ran = azlabs("status", "--json")
    assert ran.code == 2
    assert ran.json == {"error": {"code": "DoorShut", "message": "The door is shut.", "action": "Open it."}}


def test_a_known_failure_of_azure_says_what_it_means_and_what_to_do(azlabs, failing):
    from azlabs.cloud.errors import AzureError

    failing(AzureError(409, "StorageAccountAlreadyTaken", "The storage account named st is already taken."))
    ran = azlabs("status")
    assert ran.code == 3
    message, meaning, action = ran.err.splitlines()
    assert message == "The storage account named st is already taken. (StorageAccountAlreadyTaken)"
    assert "unique in the whole of Azure" in meaning
    assert action.startswith("Choose another name") and "https://learn.microsoft.com/" in action
    error = azlabs("status", "--json").error
    assert set(error) == {"code", "message", "action"}
    assert error["action"] == action


def test_what_an_sdk_client_raises_is_an_error_of_azure_as_well(azlabs, failing):
    from azure.core.exceptions import HttpResponseError, ServiceRequestError

    failing(ServiceRequestError("cut"))
    assert "could not be reached" in azlabs("status").err
    failing(HttpResponseError("Request rate is large. More Request Units may be needed, so no changes were made."))
    ran = azlabs("status")
    assert ran.code == 3
    assert "unexpectedly" not in ran.err and "Request rate is large" in ran.err


def test_a_mistake_of_azlabs_has_no_traceback_unless_it_is_asked_for(azlabs, failing):
    failing(RuntimeError("boom"))
    ran = azlabs("status")
    assert ran.code == 3
    assert "Traceback" not in ran.err
    assert "failed unexpectedly: RuntimeError: boom" in ran.err
    assert "Traceback" in azlabs("status", "--debug").err
    assert "Traceback" in azlabs("--debug", "status").err


def test_control_c_says_how_to_see_what_exists(azlabs, failing):
    failing(KeyboardInterrupt())
    ran = azlabs("status", "--json")
    assert ran.code == 130
    assert ran.error["code"] == "Interrupted"
    assert "azlabs status" in ran.err
    assert "azlabs down" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lst"], "Did you mean 'list'"),
        (["list", "--colour"], "--colour"),
        (["up"], "LAB"),
        (["cost", "x", "--hours", "many"], "--hours"),
        (["bicep"], ""),
        (["lab", "nwe"], "nwe"),
    ],
)
def test_a_mistake_in_the_arguments_is_a_usage_error(azlabs, arguments, words):
    ran = azlabs(*arguments)
    assert ran.code == 2
    assert words in ran.err


def test_a_mistake_in_the_arguments_is_an_object_too(azlabs):
    ran = azlabs("up", "--json")
    assert (ran.code, ran.error["code"]) == (2, "Usage")
    assert "azlabs up --help" in ran.error["action"]


def test_options_for_all_commands_work_in_front_and_behind(azlabs, house):
    assert azlabs("--json", "list").json == azlabs("list", "--json").json


def test_nothing_up_is_said_with_what_to_do(azlabs):
    for command in ("verify", "guide", "solve", "down", "extend"):
        ran = azlabs(command, "--json", "--yes")
        assert (command, ran.code) == (command, 2)
        assert ran.error["message"] == "No lab is up."
        assert "azlabs up LAB" in ran.error["action"]


def test_status_of_nothing_and_down_of_nothing_are_no_failures(azlabs):
    assert azlabs("status", "--json").json == {"sandboxes": []}
    ran = azlabs("down", "--all", "--json", "--yes")
    assert (ran.code, ran.json) == (0, {"sandboxes": []})


def test_an_unknown_lab_names_the_nearest(azlabs, house):
    ran = azlabs("up", "two-doos", "--json", "--yes")
    assert (ran.code, ran.error["code"]) == (2, "UnknownLab")
    assert "two-doors" in ran.error["action"]


def test_a_broken_lab_is_named_by_file_line_and_field(azlabs, house):
    path = house / "labs" / "two-doors" / "lab.yaml"
    path.write_text(path.read_text().replace("minutes: 10", "minutes: soon"))
    ran = azlabs("up", "two-doors", "--json", "--yes")
    assert (ran.code, ran.error["code"]) == (2, "BrokenLab")
    assert f"{path}, line 6, minutes" in ran.error["message"]


def test_a_question_that_nobody_can_answer_ends_with_2(azlabs, lab_folder):
    ran = azlabs("up", lab_folder, "--json")
    assert (ran.code, ran.error["code"]) == (2, "NobodyToAsk")
    assert "--yes" in ran.error["action"]


def test_a_home_that_cannot_be_written_says_what_to_do(azlabs, lab_folder, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AZLABS_HOME", str(tmp_path / "file" / "home"))
    ran = azlabs("up", lab_folder, "--yes", "--json")
    assert ran.error["code"] == "HomeNotWritable"
    assert "AZLABS_HOME" in ran.error["action"]


def test_an_unknown_cloud_is_refused_by_name(azlabs, house):
    ran = azlabs("up", "two-doors", "--cloud", "moon", "--yes", "--json")
    assert (ran.code, ran.error["code"]) == (2, "UnknownCloud")


def test_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("azlabs 0.")


def test_without_a_command_the_help_is_shown(azlabs):
    ran = azlabs()
    assert ran.code == 0
    assert "Usage: azlabs" in ran.out


def test_every_command_that_is_named_can_be_loaded():
    for name in application.COMMANDS:
        assert application._load(name) is not None
