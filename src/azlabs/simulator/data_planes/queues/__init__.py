"""The data plane of storage queues: <account>.queue.core.windows.net."""
