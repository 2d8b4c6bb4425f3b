"""Microsoft.EventGrid: topics, domains, system topics, partners, and subscriptions to what happens anywhere."""
