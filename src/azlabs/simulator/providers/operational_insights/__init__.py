"""Microsoft.OperationalInsights: Log Analytics workspaces and what belongs to them."""
