"""Azure Cosmos DB for NoSQL: the hosts below documents.azure.com."""
