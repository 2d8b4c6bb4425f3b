"""Clients of the services that the app uses, each made at first need and without keys."""

import logging
import os
from functools import cache

from azure.cosmos import ContainerProxy, CosmosClient
from azure.identity import DefaultAzureCredential, get_bearer_token_provider
from openai import AzureOpenAI

# The SDKs tell of every single request; that is for looking closer.
for chatty in ("azure", "httpx", "httpx2"):
    logging.getLogger(chatty).setLevel(logging.WARNING)


@cache
def credential() -> DefaultAzureCredential:
    """The app's identity; AZURE_CLIENT_ID says which."""
    return DefaultAzureCredential()


@cache
def shelf() -> ContainerProxy:
    """The container with the passages."""
    client = CosmosClient(os.environ["COSMOS_ENDPOINT"], credential=credential())
    database = client.get_database_client(os.environ.get("COSMOS_DATABASE", "library"))
    return database.get_container_client(os.environ.get("COSMOS_CONTAINER", "passages"))


@cache
def model() -> AzureOpenAI:
    """The account with the embedding model."""
    return AzureOpenAI(
        azure_endpoint=os.environ["OPENAI_ENDPOINT"],
        azure_ad_token_provider=get_bearer_token_provider(
            credential(), "https://cognitiveservices.azure.com/.default"
        ),
        api_version="2024-10-21",
    )


def embed(texts: list[str]) -> list[list[float]]:
    """The vectors of some texts, in their order, in one call."""
    found = model().embeddings.create(model=os.environ["EMBEDDING_DEPLOYMENT"], input=texts)
    return [one.embedding for one in found.data]
