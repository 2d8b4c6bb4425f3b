"""Verification: what checks are written with, and how an attempt is judged and scored.

`checks.py` of a lab imports `check`, `guard`, `expect`, `CannotJudge`, `not_yet`, `waits_for` and `LabView`
from here; `run` judges a sandbox.
"""

from __future__ import annotations

from azlabs.probes.errors import CannotJudge
from azlabs.verify.attempt import run
from azlabs.verify.declare import EVERY_TASK, Check, check, guard
from azlabs.verify.history import Attempt, attempts, record
from azlabs.verify.junit import junit, write_junit
from azlabs.verify.lab_view import LabView
from azlabs.verify.load import BrokenChecks, load_checks
from azlabs.verify.outcome import CheckFailed, Evidence, Outcome, expect, not_yet, waits_for
from azlabs.verify.reaching import expect_closed, expect_only, expect_open
from azlabs.verify.report import CheckResult, Report

__all__ = [
    "EVERY_TASK",
    "Attempt",
    "BrokenChecks",
    "CannotJudge",
    "Check",
    "CheckFailed",
    "CheckResult",
    "Evidence",
    "LabView",
    "Outcome",
    "Report",
    "attempts",
    "check",
    "expect",
    "expect_closed",
    "expect_only",
    "expect_open",
    "guard",
    "junit",
    "load_checks",
    "not_yet",
    "record",
    "run",
    "waits_for",
    "write_junit",
]
