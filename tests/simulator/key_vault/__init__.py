"""Tests of Microsoft.KeyVault and of the vaults themselves."""
