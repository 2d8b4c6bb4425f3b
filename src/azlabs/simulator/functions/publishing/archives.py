"""Zip archives of apps: whether one is usable, and unpacking it where nothing of it can get out."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

LARGEST = 1024 * 1024 * 1024
"""Bytes of an archive: https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#considerations"""
LARGEST_UNPACKED = 2 * LARGEST
MOST_FILES = 100_000
_PIECE = 1 << 20


class Unusable(Exception):
    """An archive that cannot be taken; the text is a sentence."""


def digest(file: IO[bytes]) -> str:
    """The SHA-256 of an open file, which is read from its beginning and left there."""
    file.seek(0)
    found = hashlib.sha256()
    while piece := file.read(_PIECE):
        found.update(piece)
    file.seek(0)
    return found.hexdigest()


def check(file: IO[bytes]) -> list[str]:
    """The names of the files in an archive. Raises `Unusable`: not a zip, too big, a path that leads out."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size > LARGEST:
        raise Unusable(f"The package has {size:,} bytes; at most {LARGEST:,} are allowed.")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise Unusable(f"The package is not a zip file that can be read: {problem}.") from None
    finally:
        file.seek(0)
    if len(members) > MOST_FILES:
        raise Unusable(f"The package has {len(members):,} files; at most {MOST_FILES:,} are allowed.")
    total = sum(one.file_size for one in members)
    if total > LARGEST_UNPACKED:
        raise Unusable(f"The package unpacks to {total:,} bytes; at most {LARGEST_UNPACKED:,} are allowed.")
    for one in members:
        place(one)
        if one.flag_bits & 1:
            raise Unusable(f"The file '{one.filename}' in the package is encrypted.")
    return [one.filename.replace("\\", "/") for one in members if not one.is_dir()]


def place(member: zipfile.ZipInfo) -> PurePosixPath:
    """Where a file of an archive belongs, relative to the app's folder. Raises `Unusable` when it leads out of it."""
    name = member.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or (path.parts and ":" in path.parts[0]):
        raise Unusable(f"The path '{member.filename}' in the package leads out of the app's folder.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Unusable(f"The file '{member.filename}' in the package is a symbolic link, which is not allowed.")
    return path


def unpack(file: IO[bytes], folder: Path) -> None:
    """Unpack an archive into a folder that appears at once, complete. Raises `Unusable`."""
    check(file)
    fresh = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True, mode=0o700)
    try:
        left = LARGEST_UNPACKED
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                target = fresh.joinpath(*place(member).parts)
                if member.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as out:
                    while piece := source.read(_PIECE):
                        left -= len(piece)
                        if left < 0:
                            raise Unusable(f"The package unpacks to more than {LARGEST_UNPACKED:,} bytes.")
                        out.write(piece)
        fresh.rename(folder)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, RuntimeError) as problem:
        raise Unusable(f"The package is damaged: {problem}.") from None
    except OSError as problem:
        if not folder.is_dir():
            raise Unusable(f"The package could not be unpacked: {problem.strerror or problem}.") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def with_file(file: IO[bytes], name: str, text: str, copy: IO[bytes]) -> None:
    """Write the archive into `copy` with one more file (in place of one of that name)."""
    shutil.copyfileobj(file, copy, _PIECE)
    file.seek(0)
    with zipfile.ZipFile(copy, "a", zipfile.ZIP_DEFLATED) as archive:
        if name not in archive.namelist():
            archive.writestr(name, text)
    copy.seek(0)

