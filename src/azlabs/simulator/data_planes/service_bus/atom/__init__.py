"""The administration API of Service Bus: queues, topics, subscriptions and rules as Atom entries with XML descriptions."""
