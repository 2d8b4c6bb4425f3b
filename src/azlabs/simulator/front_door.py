"""What management.azure.com answers beside resources: the endpoints of the cloud, and on loopback the sign-in paths.

A program that was told only `https://127.0.0.1:PORT` (`az cloud register`) learns from `/metadata/endpoints` where the rest
is, and finds the sign-in endpoints on the same listener.
Source: the answer of Azure's public `/metadata/endpoints`, api-version 2022-09-01 and later: one object.
"""

from __future__ import annotations

from typing import Any

from azlabs.simulator.http import Answer, json_answer, parse_query
from azlabs.simulator.identity import TENANT_ID

PATH = "/metadata/endpoints"
PUBLIC = "https://management.azure.com"
# What stands behind the tenant in the sign-in endpoints: /{tenant}/oauth2/..., /common/discovery/instance, ...
SIGN_IN = frozenset({"oauth2", "v2.0", ".well-known", "discovery", "userrealm"})
SUFFIXES = {
    "acrLoginServer": "azurecr.io",
    "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
    "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
    "azureFrontDoorEndpointSuffix": "azurefd.net",
    "keyVaultDns": "vault.azure.net",
    "mariadbServerEndpoint": "mariadb.database.azure.com",
    "mhsmDns": "managedhsm.azure.net",
    "mysqlServerEndpoint": "mysql.database.azure.com",
    "postgresqlServerEndpoint": "postgres.database.azure.com",
    "sqlServerHostname": "database.windows.net",
    "storage": "core.windows.net",
    "storageSyncEndpointSuffix": "afs.azure.net",
    "synapseAnalytics": "dev.azuresynapse.net",
}


def is_sign_in(path: str) -> bool:
    """Does the path belong to the sign-in endpoints?"""
    segments = path.split("/", 3)
    return len(segments) > 2 and segments[2].lower() in SIGN_IN


def endpoints(base: str, query: str) -> Answer:
    """The endpoints of the cloud as one object; `base` is where the program found this one."""
    version = parse_query(query).get("api-version", "")
    if not version:
        return json_answer(
            {"error": {"code": "MissingApiVersionParameter", "message": "The api-version is missing."}}, 400
        )
    login = "https://login.microsoftonline.com" if base == PUBLIC else base
    found: dict[str, Any] = {
        "name": "AzureCloud" if base == PUBLIC else "azlabs",
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": login,
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": TENANT_ID if base != PUBLIC else "common",
            "identityProvider": "AAD",
        },
        "resourceManager": f"{base}/",
        "graph": "https://graph.microsoft.com/",
        "graphAudience": "https://graph.microsoft.com/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "media": "https://rest.media.azure.net",
        "gallery": "https://gallery.azure.com/",
        "batch": "https://batch.core.windows.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "suffixes": SUFFIXES,
    }
    return json_answer(found)
