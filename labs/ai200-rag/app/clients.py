"""Clients of the services that the app uses, each made at first need."""

import logging
import os
from functools import cache

from azure.cosmos import CosmosClient
from openai import AzureOpenAI

# The SDKs tell of every single request; that is for looking closer.
for chatty in ("azure", "httpx", "httpx2"):
    logging.getLogger(chatty).setLevel(logging.WARNING)


@cache
def cosmos() -> CosmosClient:
    """The account that keeps the passages."""
    return CosmosClient(os.environ["COSMOS_ENDPOINT"], credential=os.environ["COSMOS_KEY"])


@cache
def model() -> AzureOpenAI:
    """The account with the embedding model; its deployment is named by EMBEDDING_DEPLOYMENT."""
    return AzureOpenAI(
        azure_endpoint=os.environ["OPENAI_ENDPOINT"], api_key=os.environ["OPENAI_KEY"], api_version="2024-10-21"
    )
