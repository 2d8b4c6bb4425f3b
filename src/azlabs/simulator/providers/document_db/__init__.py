"""Microsoft.DocumentDB: accounts of every API and what lives in them."""
