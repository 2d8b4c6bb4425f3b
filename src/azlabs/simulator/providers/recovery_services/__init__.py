"""Microsoft.RecoveryServices: vaults and the backup of virtual machines."""
