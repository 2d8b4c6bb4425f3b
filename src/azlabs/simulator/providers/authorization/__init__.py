"""Microsoft.Authorization: roles, locks and policy."""
