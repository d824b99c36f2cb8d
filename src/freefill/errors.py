"""Every way to fail, each with the exit code of the command line.

    FreefillError               1   never raised itself
    ├── InputError              1   a picture, mask, option or file of the user's is wrong
    │   └── NothingFoundError   1   a word such as "people" found nothing in the picture
    ├── WeightsError            1   weights are missing, damaged, or of another network
    └── EngineError             1   an engine cannot run here, or cannot fill this hole
        └── UnknownEngineError  1   no engine has this name

A message is one line: what, where, way out. It names the file, the figures, and the option or command that helps.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

SOME_FAILED = 3
"""Exit code where some of many pictures failed: not 1 (nothing could be done), nor 2 (the command line is wrong)."""


class FreefillError(Exception):
    """Base of all errors that a user can mend; its text is one line."""

    exit_code = 1


class InputError(FreefillError):
    """A picture, a mask, an option or a file is wrong."""


class NothingFoundError(InputError):
    """A word such as "people" found nothing in the picture, so there is nothing to fill."""


class WeightsError(FreefillError):
    """Weights are missing, damaged, or fit no known network."""


class EngineError(FreefillError):
    """An engine cannot run on this machine, or cannot fill this hole."""


class UnknownEngineError(EngineError):
    """No engine has this name: a slip, where an absent engine is something that this machine lacks."""


def one_line(text: str) -> str:
    """Return a message as one line: what a file's name brings along of line ends and terminal codes is spelt out.

    Examples
    --------
    >>> print(one_line("a\\nb.jpg: no such file"))
    a\\nb.jpg: no such file
    """
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda found: repr(found[0])[1:-1], text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " did you mean 'x'?" with the nearest known word, or an empty text.

    Examples
    --------
    >>> did_you_mean("depfill", ["telea", "deepfillv2"])
    " did you mean 'deepfillv2'?"
    """
    nearest = difflib.get_close_matches(word, list(known), n=1, cutoff=0.55)
    return f" did you mean '{nearest[0]}'?" if nearest else ""
