"""Microsoft.Storage: accounts, their services, and what is in them as far as the control plane shows it."""
