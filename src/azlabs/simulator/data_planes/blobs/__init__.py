"""The data plane of blobs: <account>.blob.core.windows.net."""
