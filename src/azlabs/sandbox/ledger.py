"""What azlabs has brought up: one JSON file per sandbox, written before Azure is asked for anything.

A file is replaced in one step, so a kill leaves the old one or the new one. A file that cannot be read is set aside
and said (`notices`), and the sandbox is found again by the tags on its groups (`recover`).
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from pathlib import Path

from azlabs.errors import AzlabsError
from azlabs.home import home as default_home
from azlabs.home import not_writable, writable_folder
from azlabs.sandbox.lock import held, is_held
from azlabs.sandbox.model import Sandbox


class UnknownSandbox(AzlabsError):
    """No sandbox has this id."""


class Ledger:
    """The sandboxes of one home folder. `notices` collects sentences that a person should see once."""

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or default_home()
        self.folder = self.home / "sandboxes"
        self.notices: list[str] = []
        self.damaged: list[Path] = []

    def save(self, sandbox: Sandbox) -> None:
        """Write one sandbox, durably; raises AzlabsError when the home cannot be written."""
        writable_folder(self.folder)
        path = self._path(sandbox.id)
        text = json.dumps(sandbox.to_json(), indent=1, ensure_ascii=False)
        try:
            descriptor, draft = tempfile.mkstemp(prefix=f".{sandbox.id}.", suffix=".new", dir=self.folder)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(draft).replace(path)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise
            _sync_folder(self.folder)
        except OSError as problem:
            raise not_writable(path, problem) from problem

    def load(self, identifier: str) -> Sandbox:
        """The sandbox of this id; raises UnknownSandbox with those that exist."""
        found = self._read(self._path(identifier)) if _is_plain(identifier) else None
        if found is None:
            known = ", ".join(sandbox.id for sandbox in self.all())
            raise UnknownSandbox(
                f"No sandbox is called '{identifier}'.",
                action=f"There is: {known}." if known else "None is up; `azlabs up LAB` makes one.",
            )
        return found

    def all(self) -> list[Sandbox]:
        """Every sandbox, oldest first."""
        paths = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        found = [sandbox for path in paths if (sandbox := self._read(path)) is not None]
        return sorted(found, key=lambda sandbox: (sandbox.created, sandbox.id))

    def forget(self, identifier: str) -> None:
        """Drop a sandbox of which nothing is left."""
        try:
            self._path(identifier).unlink(missing_ok=True)
        except OSError as problem:
            raise not_writable(self._path(identifier), problem) from problem

    def attempts_folder(self, identifier: str) -> Path:
        """Where the attempts at a sandbox's tasks are kept; it outlives the sandbox."""
        return self.home / "attempts" / identifier

    def locked(self, name: str, what: str, *, patience_seconds: float = 30.0) -> AbstractContextManager[None]:
        """Hold the lock of a sandbox (or of another name) against other processes."""
        return held(self._lock(name), what, patience_seconds=patience_seconds)

    def is_locked(self, name: str) -> bool:
        """Whether a process is at work on it."""
        return is_held(self._lock(name))

    @contextmanager
    def working(self, sandbox: Sandbox, what: str, *, new: bool = False) -> Iterator[None]:
        """Hold a sandbox's lock and have the ledger say what is going on.

        The sandbox is read again under the lock, since another process may have been at work on it; raises
        UnknownSandbox when that one removed it (not when it is `new`). After a kill or Ctrl-C the word stays in the
        ledger and tells what was interrupted.
        """
        with self.locked(sandbox.id, f"the sandbox {sandbox.id}"):
            if not new:
                current = self.load(sandbox.id)
                for entry in fields(current):
                    setattr(sandbox, entry.name, getattr(current, entry.name))
            sandbox.doing = what
            self.save(sandbox)
            try:
                yield
            except Exception:
                self._is_over(sandbox)
                raise
            self._is_over(sandbox)

    def _is_over(self, sandbox: Sandbox) -> None:
        sandbox.doing = ""
        if self._path(sandbox.id).exists():
            self.save(sandbox)

    def _path(self, identifier: str) -> Path:
        return self.folder / f"{identifier}.json"

    def _lock(self, name: str) -> Path:
        return self.folder / f".{name}.lock"

    def _read(self, path: Path) -> Sandbox | None:
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            self._set_aside(path, "it is not text")
            return None
        except OSError as problem:
            raise AzlabsError(
                f"The sandbox file {path} cannot be read: {problem.strerror}.",
                action="Give yourself the right to read it.",
                code="LedgerNotReadable",
            ) from problem
        try:
            sandbox = Sandbox.from_json(json.loads(text))
        except (ValueError, TypeError) as problem:
            self._set_aside(path, str(problem))
            return None
        if sandbox.id != path.stem:
            self._set_aside(path, f"it describes {sandbox.id}")
            return None
        return sandbox

    def _set_aside(self, path: Path, why: str) -> None:
        kept = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        try:
            path.replace(kept)
        except FileNotFoundError:
            return  # another process has set it aside
        except OSError as problem:
            raise not_writable(path, problem) from problem
        self.damaged.append(kept)
        self.notices.append(
            f"The file of the sandbox {path.stem} is damaged ({why}). It was kept as {kept}; "
            f"`azlabs status` looks for the sandbox by its tags."
        )


def _is_plain(identifier: str) -> bool:
    return bool(identifier) and not identifier.startswith(".") and not set(identifier) & set("/\\\0")


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; not possible, and not needed, on every system."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
