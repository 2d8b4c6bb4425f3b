"""Microsoft.CognitiveServices: accounts, model deployments, projects."""
