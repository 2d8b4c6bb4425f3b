"""Microsoft.App: environments, container apps with their revisions, jobs."""
