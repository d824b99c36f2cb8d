"""Loops are compiled also where nothing can be kept."""

import pytest
from numba.core import caching

from freefill.compiling import kept


def triple(number):
    return 3 * number


def test_without_a_folder_to_write_it_is_compiled_in_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    compiled = kept(nogil=True)(triple)
    assert compiled(14) == 42
    assert compiled.stats.cache_path is None


def test_with_one_it_is_kept():
    assert kept()(triple).stats.cache_path
