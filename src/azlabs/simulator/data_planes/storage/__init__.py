"""What the data planes of a storage account share: who may, leases, errors, XML."""
