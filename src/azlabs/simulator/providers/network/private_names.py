"""Public names of services that can sit behind a private endpoint (documented DNS configuration of private endpoints)."""

from __future__ import annotations

from collections.abc import Iterable

SUFFIXES: dict[tuple[str, str], str] = {
    ("microsoft.storage/storageaccounts", "blob"): "blob.core.windows.net",
    ("microsoft.storage/storageaccounts", "file"): "file.core.windows.net",
    ("microsoft.storage/storageaccounts", "queue"): "queue.core.windows.net",
    ("microsoft.storage/storageaccounts", "table"): "table.core.windows.net",
    ("microsoft.storage/storageaccounts", "web"): "web.core.windows.net",
    ("microsoft.storage/storageaccounts", "dfs"): "dfs.core.windows.net",
    ("microsoft.keyvault/vaults", "vault"): "vault.azure.net",
    ("microsoft.sql/servers", "sqlserver"): "database.windows.net",
    ("microsoft.documentdb/databaseaccounts", "sql"): "documents.azure.com",
    ("microsoft.documentdb/databaseaccounts", "mongodb"): "mongo.cosmos.azure.com",
    ("microsoft.documentdb/databaseaccounts", "cassandra"): "cassandra.cosmos.azure.com",
    ("microsoft.documentdb/databaseaccounts", "gremlin"): "gremlin.cosmos.azure.com",
    ("microsoft.documentdb/databaseaccounts", "table"): "table.cosmos.azure.com",
    ("microsoft.dbforpostgresql/flexibleservers", "postgresqlserver"): "postgres.database.azure.com",
    ("microsoft.dbforpostgresql/servers", "postgresqlserver"): "postgres.database.azure.com",
    ("microsoft.dbformysql/servers", "mysqlserver"): "mysql.database.azure.com",
    ("microsoft.dbformysql/flexibleservers", "mysqlserver"): "mysql.database.azure.com",
    ("microsoft.dbformariadb/servers", "mariadbserver"): "mariadb.database.azure.com",
    ("microsoft.servicebus/namespaces", "namespace"): "servicebus.windows.net",
    ("microsoft.eventhub/namespaces", "namespace"): "servicebus.windows.net",
    ("microsoft.eventgrid/topics", "topic"): "eventgrid.azure.net",
    ("microsoft.eventgrid/domains", "domain"): "eventgrid.azure.net",
    ("microsoft.eventgrid/partnernamespaces", "partnernamespace"): "eventgrid.azure.net",
    ("microsoft.web/sites", "sites"): "azurewebsites.net",
    ("microsoft.containerregistry/registries", "registry"): "azurecr.io",
    ("microsoft.appconfiguration/configurationstores", "configurationstores"): "azconfig.io",
    ("microsoft.search/searchservices", "searchservice"): "search.windows.net",
    ("microsoft.cognitiveservices/accounts", "account"): "cognitiveservices.azure.com",
    ("microsoft.signalrservice/signalr", "signalr"): "service.signalr.net",
    ("microsoft.cache/redis", "rediscache"): "redis.cache.windows.net",
    ("microsoft.automation/automationaccounts", "webhook"): "azure-automation.net",
}
ALSO: dict[str, tuple[str, ...]] = {"azurewebsites.net": ("scm.azurewebsites.net",)}
"""Second names that come with a first one."""


def names_of(service: str, groups: Iterable[str]) -> list[str]:
    """Public names of a service by its resource id and the sub-resources that the connection asks for."""
    parts = service.strip("/").split("/")
    if len(parts) < 8:
        return []
    kind, name = f"{parts[5]}/{parts[6]}".lower(), parts[7].lower()
    found = []
    for group in groups:
        suffix = SUFFIXES.get((kind, str(group).lower()))
        if suffix is not None:
            found += [f"{name}.{one}" for one in (suffix, *ALSO.get(suffix, ()))]
    return found
