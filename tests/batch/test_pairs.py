"""Pairs by name, by pattern, by one mask, by manifest; outputs that never meet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freefill.batch.manifest import read_manifest
from freefill.batch.pairs import Pairing, find_pairs, name_outputs
from freefill.errors import InputError
from freefill.inputs import WORDS


def tree(root: Path, *names: str) -> Path:
    """Make empty files: pairing looks at names only."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def as_names(pairing: Pairing, root: Path) -> list[tuple[str, str, str]]:
    return [
        (Path(pair.image).relative_to(root).as_posix(), Path(pair.mask).relative_to(root).as_posix(), pair.output)
        for pair in pairing.pairs
    ]


def test_pictures_and_masks_pair_by_stem_through_the_tree(tmp_path: Path):
    tree(tmp_path, "photos/x/a.jpg", "photos/b.JPG", "masks/x/a.png", "masks/b.png")
    pairing = find_pairs(str(tmp_path / "photos"), str(tmp_path / "masks"), str(tmp_path / "out"))
    assert as_names(pairing, tmp_path) == [
        ("photos/b.JPG", "masks/b.png", "b.JPG"),
        ("photos/x/a.jpg", "masks/x/a.png", "x/a.jpg"),
    ]
    assert pairing.alone == ()


def test_a_flat_mask_folder_serves_a_tree_where_stems_are_unique(tmp_path: Path):
    tree(tmp_path, "photos/x/a.jpg", "photos/y/b.jpg", "photos/z/b.jpg", "masks/a.png", "masks/b.png")
    pairing = find_pairs(str(tmp_path / "photos"), str(tmp_path / "masks"), str(tmp_path / "out"))
    assert as_names(pairing, tmp_path) == [("photos/x/a.jpg", "masks/a.png", "x/a.jpg")]
    assert [Path(each.place).name for each in pairing.alone] == ["b.jpg", "b.jpg", "b.png"]


def test_what_has_no_partner_is_told_with_the_reason(tmp_path: Path):
    tree(tmp_path, "photos/a.jpg", "photos/b.jpg", "masks/b.png", "masks/b.bmp", "masks/c.png")
    pairing = find_pairs(str(tmp_path / "photos"), str(tmp_path / "masks"), str(tmp_path / "out"))
    told = {(each.kind, Path(each.place).name): each.reason for each in pairing.alone}
    assert pairing.pairs == ()
    assert told == {
        ("picture", "a.jpg"): "no mask 'a' for it",
        ("picture", "b.jpg"): "2 masks fit: b.bmp, b.png",
        ("mask", "c.png"): "no picture for it",
    }


@pytest.mark.parametrize("suffix", ["_mask", "{stem}_mask", "{stem}_mask.png", "_mask.png"])
def test_masks_beside_the_pictures_are_told_apart_by_their_suffix(tmp_path: Path, suffix: str):
    tree(tmp_path, "a.jpg", "a_mask.png", "x/b.png", "x/b_mask.png")
    pairing = find_pairs(str(tmp_path), None, str(tmp_path / "out"), mask_suffix=suffix)
    assert as_names(pairing, tmp_path) == [("a.jpg", "a_mask.png", "a.jpg"), ("x/b.png", "x/b_mask.png", "x/b.png")]
    assert pairing.alone == ()


def test_an_exact_pattern_leaves_other_formats_alone(tmp_path: Path):
    tree(tmp_path, "p/a.jpg", "m/a_mask.png", "m/a_mask.jpg")
    pairing = find_pairs(str(tmp_path / "p"), str(tmp_path / "m"), str(tmp_path / "out"), mask_suffix="{stem}_mask.png")
    assert as_names(pairing, tmp_path) == [("p/a.jpg", "m/a_mask.png", "a.jpg")]


def test_a_pattern_may_stand_before_the_stem(tmp_path: Path):
    tree(tmp_path, "a.jpg", "mask-a.png")
    pairing = find_pairs(str(tmp_path), None, str(tmp_path / "out"), mask_suffix="mask-{stem}.png")
    assert as_names(pairing, tmp_path) == [("a.jpg", "mask-a.png", "a.jpg")]


def test_one_mask_serves_all_pictures_and_is_none_itself(tmp_path: Path):
    tree(tmp_path, "a.jpg", "b.png", "logo.png")
    pairing = find_pairs(str(tmp_path), str(tmp_path / "logo.png"), str(tmp_path / "out"))
    assert as_names(pairing, tmp_path) == [("a.jpg", "logo.png", "a.jpg"), ("b.png", "logo.png", "b.png")]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_makes_the_masks_from_the_pictures(tmp_path: Path, word: str):
    tree(tmp_path, "a.jpg")
    (pair,) = find_pairs(str(tmp_path), word, str(tmp_path / "out")).pairs
    assert (pair.mask, pair.made) == (word, True)


def test_a_glob_keeps_the_tree_below_its_fixed_part(tmp_path: Path):
    tree(tmp_path, "photos/x/a.jpg", "photos/x/b.png", "photos/c.jpg", "masks/x/a.png", "masks/c.png")
    pairing = find_pairs(str(tmp_path / "photos/**/*.jpg"), str(tmp_path / "masks"), str(tmp_path / "out"))
    assert [pair.output for pair in pairing.pairs] == ["c.jpg", "x/a.jpg"]


def test_earlier_fills_and_masks_below_the_pictures_are_no_pictures(tmp_path: Path):
    tree(tmp_path, "a.jpg", "masks/a.png", "out/a.jpg", ".hidden/a.jpg", "._a.jpg")
    pairing = find_pairs(str(tmp_path), str(tmp_path / "masks"), str(tmp_path / "out"))
    assert as_names(pairing, tmp_path) == [("a.jpg", "masks/a.png", "a.jpg")]
    assert pairing.alone == ()


def test_one_folder_for_both_without_a_suffix_is_refused(tmp_path: Path):
    tree(tmp_path, "a.jpg", "a_mask.png")
    with pytest.raises(InputError, match="--mask-suffix"):
        find_pairs(str(tmp_path), str(tmp_path), str(tmp_path / "out"))
    with pytest.raises(InputError, match="--mask-suffix"):
        find_pairs(str(tmp_path), None, str(tmp_path / "out"))


def test_a_place_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no such file or folder"):
        find_pairs(str(tmp_path / "nothing"), str(tmp_path), str(tmp_path / "out"))
    with pytest.raises(InputError, match="no picture matches"):
        find_pairs(str(tmp_path / "*.jpg"), str(tmp_path), str(tmp_path / "out"))


def test_no_input_is_ever_overwritten(tmp_path: Path):
    tree(tmp_path, "photos/a.jpg", "masks/a.png")
    with pytest.raises(InputError, match="choose another output folder"):
        find_pairs(str(tmp_path / "photos"), str(tmp_path / "masks"), str(tmp_path / "photos"))
    with pytest.raises(InputError, match="choose another output folder"):
        find_pairs(str(tmp_path / "photos"), str(tmp_path / "masks"), str(tmp_path / "masks"), format_suffix=".png")


NAMES = st.lists(st.from_regex(r"([ab]/)?[aA~2.]{1,3}\.(jpg|png|JPG)", fullmatch=True), unique=True, max_size=12)


@given(names=NAMES, suffix=st.sampled_from([None, ".png", ".jpg"]))
def test_no_two_outputs_are_one_whatever_the_letter_case(names: list[str], suffix: str | None):
    outputs = name_outputs(sorted(names), suffix)
    assert list(outputs) == sorted(names)
    assert len({output.casefold() for output in outputs.values()}) == len(names)
    assert all(output.endswith(suffix or Path(name).suffix) for name, output in outputs.items())


def test_a_picture_that_keeps_its_format_keeps_its_name():
    assert name_outputs(["a.bmp", "a.jpg", "a.png"], ".png") == {
        "a.bmp": "a.bmp.png",
        "a.jpg": "a.jpg.png",
        "a.png": "a.png",
    }
    assert name_outputs(["A.jpg", "a.jpg"], None) == {"A.jpg": "A.jpg", "a.jpg": "a.jpg.jpg"}


@given(count=st.integers(0, 30), of=st.integers(1, 9))
def test_shards_together_are_all_and_share_none(count: int, of: int):
    from freefill.batch.pairs import Pair

    all_pairs = tuple(Pair(f"{n}.jpg", "m.png", f"{n:02}.jpg") for n in range(count))
    parts = [Pairing(all_pairs).shard(number, of).pairs for number in range(1, of + 1)]
    assert sorted((pair for part in parts for pair in part), key=lambda pair: pair.output) == list(all_pairs)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


# --- manifests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pairs.csv", "image,mask,output\np/a.jpg,m/a.png,\np/b.jpg,m/b.png,deep/b.png\n"),
        ("pairs.csv", "\ufeffImage; Mask; Output\r\np/a.jpg; m/a.png;\r\np/b.jpg; m/b.png; deep/b.png\r\n"),
        ("pairs.tsv", "mask\timage\toutput\nm/a.png\tp/a.jpg\nm/b.png\tp/b.jpg\tdeep/b.png\n"),
        ("pairs.jsonl", '{"image": "p/a.jpg", "mask": "m/a.png"}\n\n'
                        '{"image": "p/b.jpg", "mask": "m/b.png", "output": "deep/b.png"}\n'),
    ],
)  # fmt: skip
def test_a_manifest_names_pairs_relative_to_itself(tmp_path: Path, name: str, text: str):
    tree(tmp_path, "p/a.jpg", "p/b.jpg", "m/a.png", "m/b.png")
    (tmp_path / name).write_text(text, encoding="utf-8")
    pairing = read_manifest(str(tmp_path / name), str(tmp_path / "out"))
    assert as_names(pairing, tmp_path) == [("p/b.jpg", "m/b.png", "deep/b.png"), ("p/a.jpg", "m/a.png", "p/a.jpg")]


def test_a_row_whose_mask_is_gone_is_told_with_its_line(tmp_path: Path):
    tree(tmp_path, "a.jpg")
    (tmp_path / "pairs.csv").write_text("image,mask\na.jpg,gone.png\n")
    pairing = read_manifest(str(tmp_path / "pairs.csv"), str(tmp_path / "out"))
    assert pairing.pairs == ()
    assert "line 2" in pairing.alone[0].reason
    assert "gone.png" in pairing.alone[0].reason


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.csv", b"image,mask\n", "lists no picture"),
        ("p.csv", b"", "lists no picture"),
        ("p.csv", b"picture,mask\na.jpg,a.png\n", "line 2: 'image' is missing"),
        ("p.csv", b"image,mask\na.jpg\n", "line 2: 'mask' is missing"),
        ("p.csv", b"\xff\xfe\x00", "not UTF-8"),
        ("p.jsonl", b'{"image": "a.jpg", "mask": 3}\n', "line 1: 'mask' is missing"),
        ("p.jsonl", b'["a.jpg", "a.png"]\n', "line 1: a row must be an object"),
        ("p.jsonl", b'{"image": "a.jpg"\n', "line 1: this is no JSON"),
    ],
)
def test_a_wrong_manifest_is_refused_in_one_line(tmp_path: Path, name: str, content: bytes, message: str):
    tree(tmp_path, "a.jpg", "b.jpg", "a.png")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as raised:
        read_manifest(str(tmp_path / name), str(tmp_path / "out"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("../b.jpg", "inside the output folder"), ("/b.jpg", "inside the output folder"),
        ("C:\\b.jpg", "inside the output folder"), ("\\b.jpg", "inside the output folder"),
        ("s3://b/b.jpg", "inside the output folder"), ("x\0y.jpg", "characters that no file name should have"),
        ("freefill.jsonl", "own journal"), ("FreeFill.2-of-3.jsonl", "own journal"),
    ],
)  # fmt: skip
def test_an_output_with_a_wrong_name_is_told_and_stops_no_other_row(tmp_path: Path, output: str, message: str):
    tree(tmp_path, "a.jpg", "b.jpg", "a.png")
    rows = [{"image": "a.jpg", "mask": "a.png", "output": output}, {"image": "b.jpg", "mask": "a.png"}]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pairing = read_manifest(str(tmp_path / "p.jsonl"), str(tmp_path / "out"))
    assert [pair.output for pair in pairing.pairs] == ["b.jpg"]
    assert [each.kind for each in pairing.alone] == ["row"]
    assert "line 1" in pairing.alone[0].reason
    assert message in pairing.alone[0].reason


def test_a_journal_may_lie_below_a_folder_of_pictures(tmp_path: Path):
    tree(tmp_path, "a.jpg", "a.png")
    (tmp_path / "p.jsonl").write_text('{"image": "a.jpg", "mask": "a.png", "output": "deep/freefill.jsonl"}\n')
    assert read_manifest(str(tmp_path / "p.jsonl"), str(tmp_path / "out")).pairs[0].output == "deep/freefill.jsonl"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a.jpg,a.png,x.jpg\nb.jpg,a.png,X.jpg\n", "line 3: 'X.jpg' is the output of .*a.jpg too"),
        ("a.jpg,a.png,x.jpg\nb.jpg,a.png,../out/a.jpg\n", "line 3: output '../out/a.jpg' must be"),
        ("a.jpg,a.png,x.jpg\nout/b.jpg,a.png,b.jpg\n", "line 3: 'b.jpg' in .* is an input"),
    ],
)
def test_an_output_that_would_meet_another_file_stops_no_other_row(tmp_path: Path, rows: str, said: str):
    tree(tmp_path, "a.jpg", "b.jpg", "a.png", "out/b.jpg")
    (tmp_path / "p.csv").write_text("image,mask,output\n" + rows)
    pairing = read_manifest(str(tmp_path / "p.csv"), str(tmp_path / "out"))
    assert [pair.output for pair in pairing.pairs] == ["x.jpg"]
    (row,) = pairing.alone
    assert re.search(said, row.reason)


def test_the_same_row_twice_is_one(tmp_path: Path):
    tree(tmp_path, "a.jpg", "a.png")
    (tmp_path / "p.csv").write_text("image,mask\na.jpg,a.png\na.jpg,a.png\n")
    pairing = read_manifest(str(tmp_path / "p.csv"), str(tmp_path / "out"))
    assert len(pairing.pairs) == 1
    assert not pairing.alone


def test_a_cell_without_end_stops_no_other_row(tmp_path: Path):
    tree(tmp_path, "a.jpg", "a.png")
    (tmp_path / "p.csv").write_text('image,mask\n"' + "x" * 200_000 + '",a.png\na.jpg,a.png\n')
    pairing = read_manifest(str(tmp_path / "p.csv"), str(tmp_path / "out"))
    assert len(pairing.pairs) == 1
    assert "no row of a table" in pairing.alone[0].reason


BAD_ROWS = ["{", "[1]", '{"image": "a.jpg"}', '{"image": "a.jpg", "mask": 3}', "[" * 99999, '{"image": ' + "9" * 5000]
BAD_ROWS += [
    '{"image": "\\ud800.jpg", "mask": "a.png"}',
    '{"image": "a.jpg", "mask": "a.png", "output": "\\udfff.jpg"}',
]


@pytest.mark.parametrize("bad", BAD_ROWS, ids=range(len(BAD_ROWS)))
def test_one_bad_row_stops_no_other(tmp_path: Path, bad: str):
    tree(tmp_path, "a.jpg", "a.png")
    (tmp_path / "p.jsonl").write_text(f'{bad}\n{{"image": "a.jpg", "mask": "a.png"}}\n')
    pairing = read_manifest(str(tmp_path / "p.jsonl"), str(tmp_path / "out"))
    assert len(pairing.pairs) == 1
    assert "line 1: " in pairing.alone[0].reason


@pytest.mark.parametrize("letter", ["\u2028", "\u2029", "\u0085"])
def test_a_line_of_json_ends_at_a_newline_only(tmp_path: Path, letter: str):
    tree(tmp_path, f"a{letter}b.jpg", "a.png")
    row = json.dumps({"image": f"a{letter}b.jpg", "mask": "a.png"}, ensure_ascii=False)
    (tmp_path / "p.jsonl").write_text(f"{row}\r\n{row}".replace("\r", ""), encoding="utf-8")
    (tmp_path / "one.jsonl").write_text(row + "\n", encoding="utf-8")
    pairing = read_manifest(str(tmp_path / "one.jsonl"), str(tmp_path / "out"))
    assert pairing.pairs[0].output == f"a{letter}b.jpg"


def test_a_word_in_a_manifest_makes_the_mask(tmp_path: Path):
    tree(tmp_path, "a.jpg")
    (tmp_path / "p.csv").write_text("image,mask\na.jpg,people\n")
    (pair,) = read_manifest(str(tmp_path / "p.csv"), str(tmp_path / "out")).pairs
    assert (pair.mask, pair.made) == ("people", True)


def test_a_journals_relative_paths_start_where_the_batch_was_started(tmp_path: Path):
    tree(tmp_path, "p/a.jpg", "m/a.png", "filled/a.jpg")
    row = {"image": "p/a.jpg", "mask": "m/a.png", "output": "a.jpg", "folder": str(tmp_path)}
    (tmp_path / "filled" / "freefill.jsonl").write_text(json.dumps(row) + "\n")
    (pair,) = read_manifest(str(tmp_path / "filled" / "freefill.jsonl"), str(tmp_path / "out")).pairs
    assert (pair.image, pair.mask) == (str(tmp_path / "p/a.jpg"), str(tmp_path / "m/a.png"))


def test_a_journal_serves_as_a_manifest(tmp_path: Path):
    tree(tmp_path, "a.jpg", "a.png")
    row = {"status": "done", "image": str(tmp_path / "a.jpg"), "mask": str(tmp_path / "a.png"), "output": "x/a.jpg"}
    (tmp_path / "freefill.jsonl").write_text(json.dumps(row) + "\n")
    assert read_manifest(str(tmp_path / "freefill.jsonl"), str(tmp_path / "out")).pairs[0].output == "x/a.jpg"
