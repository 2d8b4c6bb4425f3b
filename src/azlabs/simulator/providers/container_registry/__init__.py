"""Microsoft.ContainerRegistry: registries and what belongs to them."""
