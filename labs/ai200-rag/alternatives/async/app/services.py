"""Clients of the services, each made once, all asynchronous."""

import os
import time
from functools import cache

from azure.cosmos.aio import CosmosClient
from azure.identity.aio import DefaultAzureCredential, get_bearer_token_provider
from azure.keyvault.secrets.aio import SecretClient
from openai import AsyncAzureOpenAI

TOKEN_SECONDS = 300.0
_token: tuple[float, str] = (0.0, "")


@cache
def identity() -> DefaultAzureCredential:
    """Who the app is."""
    return DefaultAzureCredential()


@cache
def passages():
    """The container."""
    client = CosmosClient(os.environ["COSMOS_ENDPOINT"], identity())
    return client.get_database_client("library").get_container_client("windows")


@cache
def model() -> AsyncAzureOpenAI:
    """The model."""
    return AsyncAzureOpenAI(
        azure_endpoint=os.environ["OPENAI_ENDPOINT"],
        azure_ad_token_provider=get_bearer_token_provider(identity(), "https://cognitiveservices.azure.com/.default"),
        api_version="2024-10-21",
    )


async def vectors(texts: list[str]) -> list[list[float]]:
    """Vectors of the model's own length."""
    found = await model().embeddings.create(model=os.environ["EMBEDDING_DEPLOYMENT"], input=texts)
    return [one.embedding for one in found.data]


async def search_token() -> str:
    """The token that callers need: the vault is asked every five minutes."""
    global _token
    if not _token[1] or time.monotonic() - _token[0] > TOKEN_SECONDS:
        async with SecretClient(os.environ["VAULT_URI"], identity()) as vault:
            _token = time.monotonic(), (await vault.get_secret(os.environ["TOKEN_NAME"])).value or ""
    return _token[1]
