"""Measurements: `python -m bench` runs all, `python -m bench.cli` one. Figures are ratios to baselines of the same run."""
