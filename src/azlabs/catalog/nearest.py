"""The names that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Up to `count` of the known names, best first: those that contain the name, then those spelled like it."""
    from difflib import get_close_matches

    wanted = name.strip().lower()
    by_lower = {candidate.lower(): candidate for candidate in known}
    containing = sorted((low for low in by_lower if wanted and wanted in low), key=lambda low: (len(low), low))
    alike = get_close_matches(wanted, by_lower, n=count, cutoff=0.55)
    return [by_lower[low] for low in dict.fromkeys([*containing, *alike])][:count]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean a, b or c?`, or nothing when no known name comes near."""
    names = nearest(name, known)
    if not names:
        return ""
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    return f"Did you mean {listed}?"
