"""Queries of Log Analytics and Application Insights: the query APIs, and the same below management.azure.com."""
