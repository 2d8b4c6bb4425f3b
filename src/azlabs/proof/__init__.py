"""Proof that a lab keeps its contract: nothing green at the start, every right solution passes, every slip is caught."""

from __future__ import annotations

from azlabs.proof.engine import prove
from azlabs.proof.report import ProofReport

__all__ = ["ProofReport", "prove"]
