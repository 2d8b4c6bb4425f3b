"""Known failures of Azure: the table is sound, ordered, and says the right thing wherever an error reaches a person."""

from __future__ import annotations

import json

import pytest

from azlabs.cloud.errors import AzureError, ErrorDetail, error_from, from_exception
from azlabs.cloud.explain import FILE, SCHEMA, entries, explain

LISTED = json.loads(FILE.read_text(encoding="utf-8"))["errors"]
LEAST = 120


def name(entry: dict[str, object]) -> str:
    codes = entry.get("codes") or ["pattern"]
    return f"{codes[0]}-{str(entry['example'])[:30]}"  # type: ignore[index]


def test_the_file_follows_its_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = json.loads(FILE.read_text(encoding="utf-8"))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert [problem.message for problem in jsonschema.Draft202012Validator(schema).iter_errors(document)] == []


def test_there_are_enough_of_them() -> None:
    assert len(LISTED) >= LEAST


@pytest.mark.parametrize("number", range(len(LISTED)), ids=[name(entry) for entry in LISTED])
def test_an_example_is_explained_by_its_own_entry(number: int) -> None:
    """So no entry stands behind a less specific one."""
    entry = LISTED[number]
    for code in entry.get("codes", [""]):
        found = explain(code, entry["example"])
        assert found is not None
        first = next(at for at, known in enumerate(entries()) if known.explains(code, entry["example"]))
        is_sign_in = entry["example"].startswith("AADSTS")
        assert is_sign_in or first == number, f"{code}: entry {first} stands before {number}"


def test_the_more_specific_stands_first() -> None:
    """For one code: entries with a pattern before the one without, and only one without."""
    codes = {code for entry in entries() for code in entry.codes}
    for code in codes:
        patterns = [entry.pattern is None for entry in entries() if code in entry.codes]
        assert patterns == sorted(patterns), code
        assert sum(patterns) <= 1, code


@pytest.mark.parametrize("entry", LISTED, ids=[name(entry) for entry in LISTED])
def test_the_words_are_for_people(entry: dict[str, str]) -> None:
    assert entry["means"][0].isupper() or entry["means"][0] == "`"
    assert len(entry["means"]) <= 200 and len(entry["do"]) <= 280
    assert "{" not in entry["do"] or "(?P<" in entry.get("pattern", "")
    for word in ("please", "simply", "just "):
        assert word not in f"{entry['means']} {entry['do']}".lower()


def test_every_page_is_microsofts() -> None:
    hosts = {entry["docs"].split("/")[2] for entry in LISTED}
    assert hosts <= {"learn.microsoft.com", "azure.microsoft.com"}


def test_an_error_of_azure_knows_what_to_do() -> None:
    problem = error_from(
        409,
        {
            "error": {
                "code": "MissingSubscriptionRegistration",
                "message": "The subscription is not registered to use namespace 'Microsoft.DocumentDB'.",
            }
        },
    )
    assert "az provider register --namespace Microsoft.DocumentDB" in problem.action
    assert "https://learn.microsoft.com/" in problem.action
    assert problem.explanation is not None and "switched on" in problem.explanation.means
    assert problem.to_json()["error"]["action"] == problem.action


def test_the_innermost_error_is_the_one_that_is_explained() -> None:
    inner = {"code": "SkuNotAvailable", "message": "The requested VM size Standard_B2s is not available."}
    outer = {"code": "DeploymentFailed", "message": "At least one failed.", "details": [inner]}
    problem = error_from(400, {"error": outer})
    assert "az vm list-skus" in problem.action


def test_what_the_caller_says_goes_before_the_table() -> None:
    assert AzureError(409, "ScopeLocked", "Locked.", action="Do this.").action == "Do this."


def test_an_unknown_failure_has_no_advice() -> None:
    problem = AzureError(400, "NobodyKnowsThis", "Something new.")
    assert problem.explanation is None and problem.action == ""


def test_the_second_of_several_errors_helps_when_the_first_is_not_known() -> None:
    details = (ErrorDetail("NobodyKnowsThis", "New."), ErrorDetail("StorageAccountAlreadyTaken", "Taken."))
    assert "another name" in AzureError(400, "NobodyKnowsThis", "New. Taken.", details=details).action


def test_a_sign_in_that_is_refused_says_why() -> None:
    from azure.core.exceptions import ClientAuthenticationError

    known = from_exception(
        ClientAuthenticationError("AADSTS50076: Due to a configuration change, you must use multi-factor authentication.")
    )
    assert known is not None
    assert known.code == "AADSTS50076"
    assert "az login --tenant" in known.action


def test_an_error_of_the_service_bus_client_is_one_of_azure() -> None:
    errors = pytest.importorskip("azure.servicebus.exceptions")
    known = from_exception(errors.MessagingEntityNotFoundError(message="The messaging entity 'documnts' could not be found."))
    assert isinstance(known, AzureError)
    assert known.code == "MessagingEntityNotFoundError"
    assert "queue list" in known.action
