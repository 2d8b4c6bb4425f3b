"""Microsoft.ServiceBus: namespaces, queues, topics with subscriptions and rules."""
