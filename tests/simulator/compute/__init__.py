"""Tests of Microsoft.Compute."""
