"""Microsoft.Network, a part of the namespace per module; `providers.NAMESPACES` lists them."""
