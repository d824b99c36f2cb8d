"""The recipes that come with freefill: TOML files with a header that says what they need and give."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from freefill.errors import InputError, did_you_mean
from freefill.training.options import RunOptions, from_toml

_FOLDER = resources.files("freefill.training") / "recipe_files"


def names() -> list[str]:
    """Return the packaged recipes, by name."""
    return sorted(entry.name.removesuffix(".toml") for entry in _FOLDER.iterdir() if entry.name.endswith(".toml"))


def text(name_or_path: str) -> str:
    """Return the text of a packaged recipe, or of a file of the user's own.

    Raises
    ------
    InputError
        If there is none; the message names the nearest.
    """
    if name_or_path in names():
        return (_FOLDER / f"{name_or_path}.toml").read_text("utf-8")
    path = Path(name_or_path)
    if path.suffix != ".toml":
        raise InputError(
            f"recipe '{name_or_path}' is not known;{did_you_mean(name_or_path, names())} all: {', '.join(names())}; "
            "a file of your own ends in .toml"
        )
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: this recipe cannot be read ({error})") from None


def header(name_or_path: str) -> str:
    """Return the comment at the top of a recipe: command, hours, expected score."""
    lines = []
    for line in text(name_or_path).splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    return "\n".join(lines)


def load(name_or_path: str) -> RunOptions:
    """Return the options of a recipe.

    Raises
    ------
    InputError
        If there is none of that name, or it cannot be read.
    """
    return from_toml(text(name_or_path), Path(name_or_path).stem)
