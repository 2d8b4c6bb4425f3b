"""Microsoft.PolicyInsights: compliance of resources, remediations, attestations."""
