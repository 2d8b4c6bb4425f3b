"""Functions about the deployment itself and the cloud it runs in."""

from __future__ import annotations

from typing import Any

from azlabs.arm.errors import ExpressionError
from azlabs.arm.evaluator import Context
from azlabs.arm.functions import function
from azlabs.arm.functions.arguments import string


@function("parameters", 1, context=True, builds=False)
def _parameters(context: Context, name: Any) -> Any:
    if context.parameters is None:
        raise _unexpected("parameters")
    return context.parameters(string("parameters", name))


@function("variables", 1, context=True, builds=False)
def _variables(context: Context, name: Any) -> Any:
    if context.variables is None:
        raise _unexpected("variables")
    return context.variables(string("variables", name))


def _unexpected(name: str) -> ExpressionError:
    return ExpressionError(
        f"The template function '{name}' is not expected at this location. Please see https://aka.ms/arm-functions for"
        " usage details."
    )


@function("deployment", 0, context=True, builds=False)
def _deployment(context: Context) -> dict[str, Any]:
    scope = context.scope
    answer: dict[str, Any] = {"name": scope.deployment_name}
    if scope.kind != "resourceGroup":
        answer["location"] = scope.location
    answer["properties"] = dict(scope.deployment)
    return answer


@function("deployer", 0, context=True)
def _deployer(context: Context) -> dict[str, Any]:
    return {"objectId": "", "tenantId": context.scope.tenant_id, **context.scope.deployer}


# The public cloud, as the documentation of environment() prints it.
ENVIRONMENT: dict[str, Any] = {
    "name": "AzureCloud",
    "gallery": "https://gallery.azure.com/",
    "graph": "https://graph.windows.net/",
    "portal": "https://portal.azure.com",
    "graphAudience": "https://graph.windows.net/",
    "activeDirectoryDataLake": "https://datalake.azure.net/",
    "batch": "https://batch.core.windows.net/",
    "media": "https://rest.media.azure.net",
    "sqlManagement": "https://management.core.windows.net:8443/",
    "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
    "resourceManager": "https://management.azure.com/",
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.com/",
        "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
        "tenant": "common",
        "identityProvider": "AAD",
    },
    "suffixes": {
        "acrLoginServer": ".azurecr.io",
        "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
        "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
        "azureFrontDoorEndpointSuffix": "azurefd.net",
        "keyvaultDns": ".vault.azure.net",
        "sqlServerHostname": ".database.windows.net",
        "storage": "core.windows.net",
    },
}


@function("environment", 0, builds=False)
def _environment() -> dict[str, Any]:
    return ENVIRONMENT
