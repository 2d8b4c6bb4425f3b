"""The query language of Azure Cosmos DB for NoSQL: parsed, compiled to Python functions, run over documents.

Source of the facts: Microsoft's documentation "Query language reference" of Azure Cosmos DB for NoSQL.
"""
