"""The operation Embeddings_Create: what may be asked, how it is answered.

https://learn.microsoft.com/azure/ai-foundry/openai/reference#embeddings for the request; limits of the models from
https://learn.microsoft.com/azure/ai-foundry/openai/concepts/models.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azlabs.simulator.data_planes.openai import language, quota, tokens
from azlabs.simulator.data_planes.openai.errors import API_REFERENCE, Invalid, wrong_operation
from azlabs.simulator.resource_manager.errors import not_modelled

if TYPE_CHECKING:
    from azlabs.simulator import Simulator
    from azlabs.simulator.data_planes.openai.language import Features
    from azlabs.simulator.data_planes.openai.vectors import Space
    from azlabs.simulator.records import Resource

MAX_TOKENS = 8192
MAX_INPUTS = 2048
VOCABULARY = 100_277


@dataclass(frozen=True, slots=True)
class Model:
    """`size`: numbers of a whole vector; `shorter`: may fewer be asked for?"""

    size: int
    shorter: bool


MODELS = {
    "text-embedding-ada-002": Model(1536, False),
    "text-embedding-3-small": Model(1536, True),
    "text-embedding-3-large": Model(3072, True),
}
_spaces: dict[str, Space] = {}


def space_of(name: str) -> Space:
    """Where the texts of a model lie; the same in every simulator."""
    from azlabs.simulator.data_planes.openai.vectors import Space

    found = _spaces.get(name)
    return found if found is not None else _spaces.setdefault(name, Space(name, MODELS[name].size))


def create(simulator: Simulator, deployment: Resource, body: Any, version: str) -> tuple[str, dict[str, str]]:
    """The JSON text of an answer and its headers. Raises 400 for what the model refuses, 429 above the deployment's limits."""
    name = str(deployment.body["properties"]["model"]["name"])
    model = MODELS.get(name)
    if model is None:
        if (deployment.body["properties"].get("capabilities") or {}).get("embeddings") == "true":
            raise not_modelled(f"embeddings of the model {name}")
        raise wrong_operation("embeddings", name)
    if not isinstance(body, dict):
        raise Invalid(f"The request body is not a JSON object. {API_REFERENCE}")
    dimensions = _dimensions(body, model)
    encoding = body.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise Invalid(f"'{str(encoding)[:40]}' is not one of ['float', 'base64'] - 'encoding_format'", "encoding_format")
    texts, counts = _inputs(body)
    used = sum(counts)
    headers = quota.take(simulator, deployment, used, "Embeddings_Create", version)
    found = space_of(name).embed(texts, dimensions)
    return _answer(found, encoding, name, used), headers


def _dimensions(body: Mapping[str, Any], model: Model) -> int:
    given = body.get("dimensions")
    if given is None:
        return model.size
    if not model.shorter:
        raise Invalid("This model does not support specifying dimensions.", "dimensions")
    if not isinstance(given, int) or isinstance(given, bool):
        raise Invalid(f"Invalid type for 'dimensions': expected an integer. {API_REFERENCE}", "dimensions", "invalid_type")
    if given < 1:
        raise Invalid(f"{given} is less than the minimum of 1 - 'dimensions'", "dimensions")
    if given > model.size:
        raise Invalid(f"Invalid value for 'dimensions' = {given}. Must be less than or equal to {model.size}.", "dimensions")
    return given


def _inputs(body: Mapping[str, Any]) -> tuple[list[Features], list[int]]:
    """What is embedded, and its tokens: a text, texts, tokens, or lists of tokens."""
    given = body.get("input")
    if isinstance(given, str) or (isinstance(given, list) and given and all(type(one) is int for one in given)):
        given = [given]
    if not isinstance(given, list) or not given:
        raise _bad_input()
    if len(given) > MAX_INPUTS:
        raise Invalid(
            f"Invalid 'input': array too long. Expected an array with maximum length {MAX_INPUTS}, but got an array with length "
            f"{len(given)} instead.", "input", "array_above_max_length",
        )  # fmt: skip
    kinds = {type(one) for one in given}
    if kinds == {str}:
        if any(not one.strip() for one in given):
            raise _bad_input()
        counts = [tokens.count(one) for one in given]
    elif kinds == {list}:
        if any(not one or any(type(token) is not int or not 0 <= token < VOCABULARY for token in one) for one in given):
            raise _bad_input()
        counts = [len(one) for one in given]
    else:
        raise _bad_input()
    for count in counts:
        if count > MAX_TOKENS:
            raise Invalid(
                f"This model's maximum context length is {MAX_TOKENS} tokens, however you requested {count} tokens ({count} in your "
                "prompt; 0 for the completion). Please reduce your prompt; or completion length."
            )
    return [language.features(one) if isinstance(one, str) else language.token_features(one) for one in given], counts


def _bad_input() -> Invalid:
    return Invalid(f"'$.input' is invalid. {API_REFERENCE}")


def _answer(found: Any, encoding: str, model: str, used: int) -> str:
    if encoding == "base64":
        vectors = [f'"{base64.b64encode(row.tobytes()).decode()}"' for row in found.astype("<f4")]
    else:
        vectors = [json.dumps(row, separators=(",", ":")) for row in found.astype(float).round(9).tolist()]
    data = ",".join(f'{{"object":"embedding","index":{number},"embedding":{one}}}' for number, one in enumerate(vectors))
    return (
        f'{{"object":"list","data":[{data}],"model":{json.dumps(model)},"usage":{{"prompt_tokens":{used},"total_tokens":{used}}}}}'
    )
