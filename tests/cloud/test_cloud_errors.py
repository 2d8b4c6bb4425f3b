"""Azure's errors reach a person with the innermost sentence and Azure's own code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azlabs.cloud.errors import AzureError, CloudUnreachable, CredentialMissing, error_from, from_exception, translated


def nested(code: str, message: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"code": code, "message": message, "details": list(details)}


def test_a_plain_error_keeps_code_and_sentence() -> None:
    error = error_from(
        404, b'{"error": {"code": "ResourceGroupNotFound", "message": "Resource group \'x\' not found."}}'
    )
    assert (error.status, error.code, error.message) == (404, "ResourceGroupNotFound", "Resource group 'x' not found.")
    assert error.not_found


def test_a_failed_deployment_says_what_failed_inside() -> None:
    inner = nested("SubnetsNotInSameVnet", "Subnet a and b are in different networks.")
    error = error_from(
        409,
        {"error": nested("DeploymentFailed", "At least one failed.", nested("ResourceDeploymentFailure", "", inner))},
    )
    assert (error.code, error.outer_code) == ("SubnetsNotInSameVnet", "DeploymentFailed")
    assert error.message == "Subnet a and b are in different networks."


def test_an_error_written_as_json_inside_a_message_is_read() -> None:
    text = json.dumps({"error": {"code": "StorageAccountAlreadyTaken", "message": "The name is taken."}})
    error = error_from(400, {"error": nested("DeploymentFailed", "At least one.", nested("Conflict", text))})
    assert (error.code, error.message) == ("StorageAccountAlreadyTaken", "The name is taken.")


def test_several_failures_are_all_told_once() -> None:
    twice = nested("A", "First.")
    error = error_from(
        400, {"error": nested("MultipleErrorsOccurred", "Several.", twice, nested("B", "Second"), twice)}
    )
    assert error.message == "First. Second."
    assert [detail.code for detail in error.details] == ["A", "B"]


def test_details_of_a_speaking_error_are_kept_beside_it() -> None:
    error = error_from(400, {"error": nested("InvalidTemplate", "Line 3 is wrong.", nested("Hint", "Look at x."))})
    assert error.code == "InvalidTemplate"
    assert [detail.code for detail in error.details] == ["InvalidTemplate", "Hint"]


def test_older_services_put_code_and_message_at_the_top() -> None:
    assert error_from(400, b'{"Code": "BadRequest", "Message": "No."}').code == "BadRequest"
    assert error_from(400, b'{"odata.error": {"code": "Bad", "message": {"value": "No."}}}').message == "No."


@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"[1]", b"\xff\xfe", b"null", None])
def test_an_answer_that_is_no_error_object_still_makes_a_sentence(body: bytes | None) -> None:
    error = error_from(502, body)
    assert error.status == 502
    assert error.code == "Http502"
    assert error.message


def test_what_azure_wants_people_to_click_is_left_out() -> None:
    error = error_from(
        400,
        {"error": nested("X", "It is in use. Please see https://aka.ms/arm-deployment-operations for usage details.")},
    )
    assert error.message == "It is in use."


def test_exceptions_of_the_sdks_become_azure_errors() -> None:
    from azure.core.exceptions import HttpResponseError, ServiceRequestError

    with pytest.raises(CloudUnreachable), translated():
        raise ServiceRequestError("no route")
    with pytest.raises(KeyError), translated():
        raise KeyError("mine")
    known = from_exception(HttpResponseError("odd"))
    assert isinstance(known, AzureError)


def test_a_refused_sign_in_says_what_to_do() -> None:
    from azure.core.exceptions import ClientAuthenticationError

    known = from_exception(ClientAuthenticationError("expired"))
    assert isinstance(known, CredentialMissing)
    assert "az login" in known.action
    assert known.exit_code == 3
