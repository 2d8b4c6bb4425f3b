"""Probes read behaviour for checks: what can connect, what a principal may do, what a policy decides."""
