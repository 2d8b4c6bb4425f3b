"""Tests of alerts, workspaces and budgets."""
