"""Docstrings on the pages of the library, as they are written: text, then their tables as they are aligned."""

from __future__ import annotations

import re
from typing import Any

import griffe

SECTION = re.compile(r"^[A-Z]\w+\n-{3,}$", re.MULTILINE)  # "Parameters" and its line of dashes


class AsWritten(griffe.Extension):
    """Keeps what the parser would take apart: our docstrings say types in words, where it expects names."""

    def on_object(self, *, obj: griffe.Object, **others: Any) -> None:
        if obj.docstring is not None and (found := SECTION.search(obj.docstring.value)):
            text, tables = obj.docstring.value[: found.start()], obj.docstring.value[found.start() :]
            obj.docstring.value = f"{text}\n```text\n{tables}\n```"
