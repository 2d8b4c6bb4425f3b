"""Embeddings through the real `openai` package, sync and async, on both forms of address."""

from __future__ import annotations

import asyncio
import base64
import math
import struct
from typing import Any

import httpx2
import openai
import pytest

from azlabs.simulator import Simulator

from .conftest import ACCOUNT, HOST, READER_ROLE, Service

SOMEBODY = "11111111-2222-3333-4444-555555555555"


def length(vector: list[float]) -> float:
    return math.sqrt(sum(number * number for number in vector))


@pytest.mark.parametrize(("deployment", "size"), [("small", 1536), ("large", 3072), ("ada", 1536)])
def test_a_vector_has_the_dimensions_of_its_model_and_length_one(service: Service, deployment: str, size: int) -> None:
    found = service.azure().embeddings.create(model=deployment, input="The ferry leaves at nine.")
    assert len(found.data[0].embedding) == size
    assert abs(length(found.data[0].embedding) - 1) < 1e-5
    assert (found.object, found.data[0].index, found.usage.total_tokens) == ("list", 0, found.usage.prompt_tokens)


def test_fewer_dimensions_are_the_first_ones_scaled(service: Service) -> None:
    client = service.azure()
    whole = client.embeddings.create(model="small", input="gale").data[0].embedding
    short = client.embeddings.create(model="small", input="gale", dimensions=256).data[0].embedding
    part = whole[:256]
    assert short == pytest.approx([number / length(part) for number in part], abs=1e-6)


def test_ada_has_no_other_dimensions(service: Service) -> None:
    with pytest.raises(openai.BadRequestError, match="does not support specifying dimensions"):
        service.azure().embeddings.create(model="ada", input="gale", dimensions=256)


@pytest.mark.parametrize("dimensions", [0, -1, 1537, "many", True, 1.5])
def test_dimensions_that_the_model_has_not_are_refused(service: Service, dimensions: Any) -> None:
    with pytest.raises(openai.BadRequestError):
        service.azure().embeddings.create(model="small", input="gale", dimensions=dimensions)


def test_the_same_text_has_the_same_vector_in_every_simulator_and_form(service: Service) -> None:
    as_numbers = service.v1().embeddings.create(model="small", input="gale", encoding_format="float")
    as_text: Any = service.v1().embeddings.create(model="small", input="gale", encoding_format="base64")
    decoded = struct.unpack("<1536f", base64.b64decode(as_text.data[0].embedding))
    assert list(decoded) == pytest.approx(as_numbers.data[0].embedding, abs=1e-6)
    with Simulator() as another:
        again = Service(another).azure().embeddings.create(model="SMALL", input=["other", "gale"])
    assert again.data[1].embedding == list(decoded)


def test_models_lie_in_different_spaces(service: Service) -> None:
    small, ada = (service.azure().embeddings.create(model=one, input="gale").data[0].embedding for one in ("small", "ada"))
    assert abs(sum(a * b for a, b in zip(small, ada, strict=True))) < 0.3


def test_the_async_client_gets_the_same(service: Service) -> None:
    async def ask(texts: list[str]) -> list[list[float]]:
        async def send(request: httpx2.Request) -> httpx2.Response:
            return service.ask(request)

        http = httpx2.AsyncClient(transport=httpx2.MockTransport(send))
        async with openai.AsyncAzureOpenAI(
            azure_endpoint=HOST, api_version="2024-10-21", api_key=service.key, http_client=http
        ) as client:
            return [one.embedding for one in (await client.embeddings.create(model="small", input=texts)).data]

    texts = ["one", "two"]
    known = [one.embedding for one in service.azure().embeddings.create(model="small", input=texts).data]
    assert asyncio.run(ask(texts)) == known


def test_tokens_are_near_to_the_same_tokens(service: Service) -> None:
    found = service.azure().embeddings.create(model="small", input=[[1, 2, 3, 4], [1, 2, 3, 5], [9, 8, 7]])
    a, b, c = (one.embedding for one in found.data)
    near, far = (sum(x * y for x, y in zip(a, other, strict=True)) for other in (b, c))
    assert near > 0.5 > far
    assert found.usage.prompt_tokens == 11


@pytest.mark.parametrize("given", ["", "   ", [], [""], ["good", ""], [[]], [1.5], [True], ["a", 1], [[-1]], {"a": 1}, 7, None])
def test_input_that_is_no_text_is_refused(service: Service, given: Any) -> None:
    with pytest.raises(openai.BadRequestError, match=r"\$\.input"):
        service.azure().embeddings.create(model="small", input=given)


def test_a_request_has_2048_inputs_at_most(service: Service) -> None:
    service.deploy("small", "text-embedding-3-small", 500)
    assert len(service.azure().embeddings.create(model="small", input=["a"] * 2048, dimensions=8).data) == 2048
    with pytest.raises(openai.BadRequestError, match="maximum length 2048"):
        service.azure().embeddings.create(model="small", input=["a"] * 2049)


def test_an_input_has_8192_tokens_at_most(service: Service) -> None:
    assert service.azure().embeddings.create(model="small", input=[7] * 8192).usage.prompt_tokens == 8192
    with pytest.raises(openai.BadRequestError, match=r"maximum context length is 8192 tokens, however you requested 8193"):
        service.azure().embeddings.create(model="small", input=[7] * 8193)
    with pytest.raises(openai.BadRequestError, match="maximum context length"):
        service.azure().embeddings.create(model="small", input="harbour " * 9000)


def test_tokens_of_prose_are_counted_roughly(service: Service) -> None:
    text = "The crew of the winch meets at seven in the morning, and everybody signs the list before the rope is lifted."
    assert 20 <= service.azure().embeddings.create(model="small", input=text).usage.prompt_tokens <= 27


def test_unknown_deployments_are_not_found(service: Service) -> None:
    for client in (service.azure(), service.v1()):
        with pytest.raises(openai.NotFoundError) as problem:
            client.embeddings.create(model="text-embedding-3-small", input="gale")
        assert problem.value.code == "DeploymentNotFound"


def test_the_api_version_has_to_be_one(service: Service) -> None:
    for version in ("yesterday", ""):
        with pytest.raises(openai.NotFoundError, match="Resource not found"):
            service.azure(api_version=version or " ").embeddings.create(model="small", input="gale")
    assert service.v1(default_query={"api-version": "preview"}).embeddings.create(model="small", input="gale").data
    with pytest.raises(openai.BadRequestError, match="API version not supported"):
        service.v1(default_query={"api-version": "2024-10-21"}).embeddings.create(model="small", input="gale")


def test_the_key_has_to_be_right_and_allowed(service: Service) -> None:
    for client in (service.azure(api_key="wrong"), service.v1("wrong")):
        with pytest.raises(openai.AuthenticationError, match="invalid subscription key"):
            client.embeddings.create(model="small", input="gale")
    service.make(customSubDomainName="words-1", disableLocalAuth=True)
    for client in (service.azure(), service.v1()):
        with pytest.raises(openai.PermissionDeniedError) as problem:
            client.embeddings.create(model="small", input="gale")
        assert problem.value.code == "AuthenticationTypeDisabled"


def test_a_token_needs_the_right_to_use_models(service: Service) -> None:
    client = service.azure(azure_ad_token_provider=lambda: service.token(SOMEBODY))
    with pytest.raises(openai.AuthenticationError) as problem:
        client.embeddings.create(model="small", input="gale")
    assert problem.value.code == "PermissionDenied"
    service.allow(SOMEBODY, READER_ROLE)
    with pytest.raises(openai.AuthenticationError):
        client.embeddings.create(model="small", input="gale")
    service.allow(SOMEBODY)
    assert client.embeddings.create(model="small", input="gale").data
    assert service.v1(service.token(SOMEBODY, "https://ai.azure.com")).embeddings.create(model="small", input="gale").data


@pytest.mark.parametrize("audience", ["https://management.azure.com", "https://vault.azure.net"])
def test_a_token_for_another_service_is_refused(service: Service, audience: str) -> None:
    service.allow(SOMEBODY)
    with pytest.raises(openai.AuthenticationError, match="audience is incorrect"):
        service.azure(azure_ad_token=service.token(SOMEBODY, audience)).embeddings.create(model="small", input="gale")


def test_keys_alone_open_an_account_without_a_subdomain(service: Service) -> None:
    service.make("plain")
    id = ACCOUNT.replace("words", "plain")
    key = service.manage("POST", f"{id}/listKeys", {})["key2"]
    model = {"format": "OpenAI", "name": "text-embedding-3-small"}
    service.manage("PUT", f"{id}/deployments/here", {"sku": {"name": "Standard"}, "properties": {"model": model}})
    host = "https://westeurope.api.cognitive.microsoft.com"
    assert service.azure(host=host, api_key=key).embeddings.create(model="here", input="gale").data
    with pytest.raises(openai.BadRequestError, match="custom subdomain"):
        service.azure(host=host, azure_ad_token=service.token(SOMEBODY)).embeddings.create(model="here", input="gale")


def test_other_domains_of_the_account_answer_too(service: Service) -> None:
    host = "https://words-1.cognitiveservices.azure.com"
    assert service.azure(host=host).embeddings.create(model="small", input="gale").data
    with pytest.raises(openai.NotFoundError):
        service.azure(host="https://nobody.openai.azure.com").embeddings.create(model="small", input="gale")


def test_a_closed_account_lets_nobody_in(service: Service) -> None:
    service.make(customSubDomainName="words-1", publicNetworkAccess="Disabled")
    with pytest.raises(openai.PermissionDeniedError, match="Public access is disabled"):
        service.azure().embeddings.create(model="small", input="gale")


def test_requests_above_the_capacity_wait(service: Service) -> None:
    service.deploy("small", "text-embedding-3-small", 2)
    client, now = service.azure(), service.simulator.clock
    raw = client.embeddings.with_raw_response.create(model="small", input="gale")
    assert raw.headers["x-ratelimit-remaining-requests"] == "1"
    assert raw.headers["x-ratelimit-limit-tokens"] == "2000"
    client.embeddings.create(model="small", input="gale")
    with pytest.raises(openai.RateLimitError, match="exceeded call rate limit") as problem:
        client.embeddings.create(model="small", input="gale")
    wait = int(problem.value.response.headers["retry-after"])
    assert 1 <= wait <= 10
    now.advance(wait)
    assert client.embeddings.create(model="small", input="gale").data


def test_tokens_above_the_capacity_wait_a_minute(service: Service) -> None:
    service.deploy("small", "text-embedding-3-small", 3)
    client = service.azure()
    client.embeddings.create(model="small", input=[1] * 2000)
    with pytest.raises(openai.RateLimitError, match="exceeded token rate limit") as problem:
        client.embeddings.create(model="small", input=[1] * 2000)
    assert 10 < int(problem.value.response.headers["retry-after"]) <= 60
    service.simulator.restore(service.simulator.snapshot())
    assert client.embeddings.create(model="small", input=[1] * 2000).data


def test_chat_is_refused_by_name(service: Service) -> None:
    service.deploy("chat", "gpt-4o-mini")
    talk: Any = [{"role": "user", "content": "Hello"}]
    for client in (service.azure(), service.v1()):
        with pytest.raises(openai.InternalServerError, match="chat completions"):
            client.chat.completions.create(model="chat", messages=talk)
    with pytest.raises(openai.BadRequestError) as problem:
        service.azure().chat.completions.create(model="small", messages=talk)
    assert problem.value.code == "OperationNotSupported"
    with pytest.raises(openai.BadRequestError, match="embeddings operation does not work"):
        service.azure().embeddings.create(model="chat", input="gale")


def test_what_is_not_modelled_is_refused_by_name(service: Service) -> None:
    with pytest.raises(openai.InternalServerError, match="does not model"):
        service.azure().models.list()
