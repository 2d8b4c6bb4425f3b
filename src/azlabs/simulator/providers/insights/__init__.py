"""Microsoft.Insights: what watches resources, and what happens when something is seen."""
