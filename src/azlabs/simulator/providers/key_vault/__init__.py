"""Microsoft.KeyVault: vaults, their contents as the control plane shows them, managed HSMs."""
