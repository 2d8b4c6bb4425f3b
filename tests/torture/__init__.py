"""Killing azlabs, killing its host, and bad weather: nothing is left, and nothing is said that is not so."""
