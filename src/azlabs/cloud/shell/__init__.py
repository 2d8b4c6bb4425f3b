"""The environment in which unmodified programs talk to a sandbox's cloud."""
