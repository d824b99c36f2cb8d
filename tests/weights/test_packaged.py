"""Weights that come with freefill: found by name, after the user's own, with a card that says what they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from freefill.errors import WeightsError
from freefill.weights import packaged as package
from freefill.weights.locate import here, locate, state
from freefill.weights.packaged import FOLDER, PackagedWeights, all_packaged, packaged


def test_weights_of_the_package_are_located_where_the_user_has_none():
    for each in all_packaged():
        assert locate(each.name) == here(each.name) == packaged(each.name) == each.path
        assert each.path.parent == FOLDER
        assert state(each.name) == "ready"


def test_another_name_is_none_of_the_package_and_the_nearest_is_told():
    assert packaged("deepfill-start") is None
    assert here("deepfill-start") is None
    with pytest.raises(WeightsError, match="did you mean 'deepfill-starter'"):
        locate("deepfill-start")


def test_each_has_a_card_whose_first_sentence_says_what_it_is_for():
    assert all_packaged()
    for each in all_packaged():
        assert each.card.startswith("#")
        assert each.what_for
        assert not each.what_for.endswith(".")


def test_a_file_without_a_card_says_nothing_and_files_of_other_endings_are_no_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("b.onnx", "a.safetensors", "a.md", "list.tsv"):
        (tmp_path / name).write_text("# Title\n\nPaints sky. And more.\n")
    monkeypatch.setattr(package, "FOLDER", tmp_path)
    assert [each.name for each in all_packaged()] == ["a", "b"]
    assert PackagedWeights("a", tmp_path / "a.safetensors").what_for == "Paints sky"
    assert PackagedWeights("b", tmp_path / "b.onnx").card == ""
    assert PackagedWeights("b", tmp_path / "b.onnx").what_for == ""
