"""The data plane of Event Grid: events come to topics, and go where event subscriptions say."""
