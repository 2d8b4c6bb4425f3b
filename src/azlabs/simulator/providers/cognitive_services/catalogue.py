"""What kinds of accounts there are, with their SKUs, limits and end points, and which models can be deployed."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

Body = dict[str, Any]
SKUS: dict[str, tuple[str, ...]] = {
    "AIServices": ("S0",), "AnomalyDetector": ("F0", "S0"), "CognitiveServices": ("S0",), "ComputerVision": ("F0", "S1"),
    "ContentModerator": ("F0", "S0"), "ContentSafety": ("F0", "S0"), "CustomVision.Prediction": ("F0", "S0"),
    "CustomVision.Training": ("F0", "S0"), "Face": ("F0", "S0"), "FormRecognizer": ("F0", "S0"), "ImmersiveReader": ("S0", "S1"),
    "LUIS": ("F0", "S0"), "LUIS.Authoring": ("F0",), "OpenAI": ("S0",), "Personalizer": ("F0", "S0"),
    "SpeechServices": ("F0", "S0"), "TextAnalytics": ("F0", "S"), "TextTranslation": ("F0", "S1", "S2", "S3", "S4"),
}  # fmt: skip
"""SKUs by kind of account."""
WITH_MODELS = frozenset({"OpenAI", "AIServices"})
DEPLOYMENT_SKUS = (
    "Standard", "GlobalStandard", "DataZoneStandard", "ProvisionedManaged", "GlobalProvisionedManaged",
    "DataZoneProvisionedManaged", "GlobalBatch", "DataZoneBatch", "DeveloperTier",
)  # fmt: skip
_CHAT = {"chatCompletion": "true", "assistants": "true", "jsonSchemaResponse": "true", "responses": "true", "agentsV2": "true"}
_EMBEDDINGS = {"embeddings": "true", "embeddingsMaxInputs": "2048"}
NEWER: dict[tuple[str, str], Body] = {
    ("gpt-4o", "2024-08-06"): _CHAT,
    ("gpt-4o", "2024-11-20"): _CHAT,
    ("gpt-4o-mini", "2024-07-18"): _CHAT,
    ("gpt-4.1", "2025-04-14"): _CHAT,
    ("gpt-4.1-mini", "2025-04-14"): _CHAT,
    ("gpt-4.1-nano", "2025-04-14"): _CHAT,
    ("o3-mini", "2025-01-31"): _CHAT,
    ("o4-mini", "2025-04-16"): _CHAT,
    ("gpt-5", "2025-08-07"): _CHAT,
    ("gpt-5-mini", "2025-08-07"): _CHAT,
    ("text-embedding-ada-002", "2"): _EMBEDDINGS,
    ("text-embedding-3-small", "1"): _EMBEDDINGS,
    ("text-embedding-3-large", "1"): _EMBEDDINGS,
    ("dall-e-3", "3.0"): {"imageGenerations": "true"},
}
"""Models of today with their capabilities. https://learn.microsoft.com/azure/ai-foundry/openai/concepts/models"""


@functools.cache
def _read() -> Body:
    text = resources.files("azlabs.simulator.providers.cognitive_services").joinpath("catalogue.json").read_text("utf-8")
    found: Body = json.loads(text)
    return found


def table(name: str) -> Any:
    """A list of the catalogue file: "commitmentTiers", "usages". Not to be changed."""
    return _read()[name]


def kind_of(name: object) -> str | None:
    """A kind of account as Azure spells it."""
    return next((kind for kind in SKUS if isinstance(name, str) and kind.lower() == name.lower()), None)


def facts(kind: str, endpoint: str, domain: str, location: str) -> Body:
    """Limits, capabilities and end points of an account. What is not known of a kind is left out."""
    known = _read()["kinds"].get(kind)
    if known is None:
        return {"endpoints": {kind: endpoint}, "capabilities": [{"name": "VirtualNetworks"}]}
    found = {name: value for name, value in known.items() if name != "endpoints"}
    words = {"{endpoint}": endpoint, "{domain}": domain, "{location}": location}
    links = {}
    for name, link in known["endpoints"].items():
        for word, value in words.items():
            link = link.replace(word, value)
        links[name] = link
    return {**found, "endpoints": links}


@functools.cache
def models() -> list[Body]:
    """Every model with its versions, in the form of the REST API."""
    found: dict[tuple[str, str], Body] = {}
    for one in [*_read()["olderModels"], *_read()["models"]]:
        found[(one["name"], one["version"])] = one
    for (name, version), capabilities in NEWER.items():
        found[(name, version)] = {
            "format": "OpenAI", "name": name, "version": version, "isDefaultVersion": True,
            "skus": [
                {
                    "name": sku, "usageName": f"OpenAI.{sku}.{name}", "capacity": {"maximum": 1000, "default": 10},
                    "rateLimits": [
                        {"key": "request", "renewalPeriod": 10, "count": 1}, {"key": "token", "renewalPeriod": 60, "count": 1000},
                    ],
                }
                for sku in ("Standard", "GlobalStandard")
            ],
            "maxCapacity": 3, "capabilities": capabilities, "lifecycleStatus": "GenerallyAvailable",
        }  # fmt: skip
    return list(found.values())


def model(name: object, version: object) -> Body | None:
    """A model by its name and version; without a version the newest that is the default."""
    found = [one for one in models() if one["name"] == name and (version in (None, "") or one["version"] == version)]
    return next((one for one in reversed(found) if one.get("isDefaultVersion")), found[-1] if found else None)
