"""Application Insights: what programs send, kept in the tables of Log Analytics."""
