"""The data plane of Azure OpenAI: embeddings, for unmodified SDKs."""
