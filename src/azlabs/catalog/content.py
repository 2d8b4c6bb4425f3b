"""Where the labs are: inside the installed package, or in the checkout that the package is run from."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def root() -> Path:
    """The folder that holds `labs/` and `bicep/`."""
    installed = PACKAGE / "content"
    if (installed / "labs").is_dir():
        return installed
    return PACKAGE.parents[1]


def is_installed() -> bool:
    """True when the content came with a wheel and therefore never changes under the package."""
    return (PACKAGE / "content" / "labs").is_dir()


def labs() -> Path:
    """The folder of the labs that ship with azlabs."""
    return root() / "labs"


def bicep() -> Path:
    """The folder of their templates."""
    return root() / "bicep"


def index_file() -> Path:
    """The file behind `azlabs list`: part of a wheel, made on first use in a checkout."""
    return root() / ("index.json" if is_installed() else "build/labs-index.json")


def lab_folders() -> list[Path]:
    """The folders of the shipped labs (those that hold a `lab.yaml`), by name."""
    try:
        found = [entry for entry in labs().iterdir() if (entry / "lab.yaml").is_file()]
    except OSError:
        return []
    return sorted(found, key=lambda entry: entry.name)


def templates_of(folder: Path) -> Path:
    """The folder of a lab's templates.

    A shipped lab keeps them beside `labs/`, in `bicep/<lab-id>/`; a lab on its own keeps them inside its
    folder, in `bicep/`.
    """
    inside = folder / "bicep"
    beside = folder.parent.parent / "bicep" / folder.name
    return beside if beside.is_dir() and not inside.is_dir() else inside


def is_outside(folder: Path) -> bool:
    """True for a lab that did not come with azlabs, whose code nobody vouches for."""
    return not folder.resolve().is_relative_to(labs().resolve())
