"""The Kusto Query Language: `run(text, database, now)` answers a query over tables of rows."""
