"""What Microsoft.ServiceBus and Microsoft.EventHub have in common: namespaces, access keys, network rules, pairing."""
