"""azlabs: Azure exam labs that provision, verify, score and clean up, on a subscription or on a simulator."""

__version__ = "0.1.0"
