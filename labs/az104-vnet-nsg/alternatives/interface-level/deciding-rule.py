"""Read the inbound rules from the lowest number upwards and stop at the first that matches."""

from __future__ import annotations

from typing import Any


def solve(lab: Any) -> None:
    """Both answers: rule 200 comes before 210 for the office, 210 before 300 for the former supplier."""
    answers = {
        "office-to-db": {"verdict": "allow", "rule": "allow-office-remote"},
        "supplier-to-db": {"verdict": "deny", "rule": "block-db-remote"},
    }
    lab.write_answers(**answers)
