"""Microsoft.EventHub: namespaces, event hubs with consumer groups, schema groups, clusters."""
