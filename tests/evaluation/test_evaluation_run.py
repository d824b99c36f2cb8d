"""Runs over real files: what is written, resumed, locked, compared, and refused."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from freefill.cli.main import main
from freefill.errors import EngineError, InputError, WeightsError
from freefill.evaluation import cases
from freefill.evaluation.cases import Case
from freefill.evaluation.compare import compared
from freefill.evaluation.lock import check_drawn
from freefill.evaluation.measures import Measurer, choose
from freefill.evaluation.protocol import PROTOCOLS, find_protocol
from freefill.evaluation.run import evaluate, mask_files, read_cases, summary_of
from freefill.evaluation.summary import measure_of, summarise
from freefill.evaluation.tables import tables_of
from freefill.evaluation.work import EvaluationWork

MEASURES = ("psnr_hole", "ssim_hole", "l1_hole")


def work(masks, **changes) -> EvaluationWork:
    made = EvaluationWork(find_protocol("irregular"), mask_files(masks), ("telea", "truth", "blurred"), (), MEASURES)
    return replace(made, **changes)


def test_the_truth_is_the_floor_and_every_engine_gets_a_line_for_every_picture(photos, masks, tmp_path):
    summary = evaluate(photos, work(masks), tmp_path / "run")
    assert summary["engines"] == ["telea", "truth", "blurred"]
    assert summary["overall"]["truth"]["l1_hole"]["mean"] == 0
    assert summary["overall"]["truth"]["ssim_hole"]["mean"] == 1
    assert summary["overall"]["blurred"]["l1_hole"]["mean"] > 0
    assert len(read_cases(tmp_path / "run" / "cases.jsonl")) == 9
    assert summary["pairs"]["blurred"]["l1_hole"]["word"] in ("better", "worse", "no difference seen")


def test_no_engine_sees_what_lies_in_the_hole(photos, masks, tmp_path):
    first = evaluate(photos, work(masks, engines=("telea",), keep=tmp_path / "kept"), tmp_path / "run")
    assert first["failed"] == {"telea": 0}
    picture, hole = np.asarray(Image.open(photos / "a.png")).copy(), mask_files(masks)[0]
    cut = np.asarray(Image.open(hole).resize((80, 64), Image.Resampling.NEAREST)) > 0
    picture[cut] = 0
    Image.fromarray(picture).save(photos / "a.png")
    evaluate(photos, work(masks, engines=("telea",), keep=tmp_path / "kept2"), tmp_path / "run2")
    one, two = (np.asarray(Image.open(tmp_path / kept / "telea" / "a.png")) for kept in ("kept", "kept2"))
    assert (one == two).all()


def test_the_summary_can_be_made_again_from_the_cases(photos, masks, tmp_path):
    summary = evaluate(photos, work(masks), tmp_path / "run")
    again = summarise(read_cases(tmp_path / "run" / "cases.jsonl"), {})
    assert again["overall"] == summary["overall"]
    assert again["pairs"] == summary["pairs"]


def test_a_finished_run_is_shown_again_from_its_cases_with_what_it_lacked(photos, masks, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))
    run = work(masks, engines=("lama", "telea"), measures=(*MEASURES, "lpips_alex"))
    summary = evaluate(photos, run, tmp_path / "run", jobs=2)
    (tmp_path / "run" / "cases.jsonl").write_text(
        "".join(sorted((tmp_path / "run" / "cases.jsonl").read_text().splitlines(True)))
    )
    assert summary_of(tmp_path / "run") == json.loads(json.dumps(summary))
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "show", str(tmp_path / "run"), "--format", "latex"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == "".join(f"{table.latex()}\n\n" for table in tables_of(summary))


def test_html_is_one_page_with_every_table_and_what_each_measure_forgives(photos, masks, tmp_path, capsys):
    summary = evaluate(photos, work(masks), tmp_path / "run")
    with pytest.raises(SystemExit):
        main(["evaluate", "show", str(tmp_path / "run"), "--format", "html"])
    page = capsys.readouterr().out
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    assert page.count("<table>") == page.count("<caption>") == len(tables_of(summary))
    assert all(f"<dd>{measure_of(name).forgives}</dd>" in page for name in summary["measures"])
    assert "http" not in page  # it opens without a network
    assert "3 cases" in page


def test_a_folder_without_a_run_cannot_be_shown(tmp_path):
    with pytest.raises(InputError, match="holds no run"):
        summary_of(tmp_path)


def test_the_order_of_cases_does_not_move_an_interval(photos, masks, tmp_path):
    evaluate(photos, work(masks), tmp_path / "run")
    lines = read_cases(tmp_path / "run" / "cases.jsonl")
    turned = [line for first in (6, 3, 0) for line in lines[first : first + 3]]
    assert summarise(turned, {}) == summarise(lines, {})


def test_a_run_that_was_cut_off_goes_on_and_gives_the_same_summary(photos, masks, tmp_path):
    whole = evaluate(photos, work(masks), tmp_path / "whole")
    evaluate(photos, work(masks), tmp_path / "cut")
    path = tmp_path / "cut" / "cases.jsonl"
    text = path.read_text().splitlines(keepends=True)
    path.write_text("".join(text[:4]) + text[4][:30])
    kept = (tmp_path / "cut" / "cases.jsonl").read_text().splitlines()[:3]
    asked = []
    again = evaluate(photos, work(masks), tmp_path / "cut", on_case=lambda done, total: asked.append((done, total)))
    assert asked == [(2, 3), (3, 3)]
    assert path.read_text().splitlines()[:3] == kept
    assert again["overall"] == whole["overall"]


class Cut(Exception):
    """Ends a run in the middle."""


def test_a_run_that_was_cut_off_keeps_the_features_and_what_it_lacked(photos, masks, tmp_path, monkeypatch):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))

    def mean_colour(self, network, image):  # in place of a network, the weights of which are not on every machine
        return image.reshape(-1, 3).mean(0).astype(np.float32)

    monkeypatch.setattr(Measurer, "_features_of", mean_colour)
    run = work(masks, measures=(*MEASURES, "lpips_alex", "mind_effnetlite0"))
    whole = evaluate(photos, run, tmp_path / "whole")
    assert "mind_effnetlite0" in whole["sets"]["blurred"]
    assert set(whole["absent"]) == {"lpips_alex"}

    def cut(done, total):
        if done == 2:
            raise Cut

    with pytest.raises(Cut):
        evaluate(photos, run, tmp_path / "cut", on_case=cut)
    assert not (tmp_path / "cut" / "summary.json").exists()
    assert set(summary_of(tmp_path / "cut")["absent"]) == {"lpips_alex"}
    asked = []
    again = evaluate(photos, run, tmp_path / "cut", on_case=lambda done, total: asked.append(done))
    assert asked == [3]
    assert again["sets"] == whole["sets"]
    assert again["absent"] == whole["absent"]


def test_only_fills_have_seconds(photos, masks, tmp_path):
    summary = evaluate(photos, work(masks, results=(("Theirs", photos),)), tmp_path / "run")
    seconds = {engine: found["mean"] for engine, found in summary["seconds"].items()}
    assert seconds.pop("telea") > 0
    assert seconds == {"truth": None, "blurred": None, "Theirs": None}


def test_worker_processes_give_what_one_process_gives(photos, masks, tmp_path):
    one = evaluate(photos, work(masks), tmp_path / "one")
    two = evaluate(photos, work(masks), tmp_path / "two", jobs=2)
    assert two["overall"] == one["overall"]
    assert two["engines"] == one["engines"]


def test_a_folder_with_another_run_is_refused(photos, masks, tmp_path):
    evaluate(photos, work(masks), tmp_path / "run")
    with pytest.raises(InputError, match="other engines"):
        evaluate(photos, work(masks, engines=("ns",)), tmp_path / "run")


def test_a_lock_names_the_picture_that_changed(photos, masks, tmp_path):
    lock = tmp_path / "set.lock"
    evaluate(photos, work(masks), tmp_path / "one", lock=lock)
    evaluate(photos, work(masks), tmp_path / "two", lock=lock)
    image = Image.open(photos / "b.png")
    image.putpixel((0, 0), (1, 2, 3))
    image.save(photos / "b.png")
    with pytest.raises(InputError, match="picture of case 'b' changed"):
        evaluate(photos, work(masks), tmp_path / "three", lock=lock)


def test_a_lock_names_the_picture_that_is_gone(photos, masks, tmp_path):
    lock = tmp_path / "set.lock"
    evaluate(photos, work(masks), tmp_path / "one", lock=lock)
    (photos / "c.png").unlink()
    with pytest.raises(InputError, match="case 'c' is locked and is not here"):
        evaluate(photos, work(masks), tmp_path / "two", lock=lock)


def test_results_of_another_tool_are_scored_like_an_engine(photos, masks, tmp_path):
    theirs = tmp_path / "theirs"
    shutil.copytree(photos, theirs)
    (theirs / "c.png").unlink()
    image = np.asarray(Image.open(theirs / "a.png")).copy()
    image[0, 0] = 255 - image[0, 0]
    Image.fromarray(image).save(theirs / "a.png")
    summary = evaluate(photos, work(masks, engines=("telea",), results=(("Theirs", theirs),)), tmp_path / "run")
    assert summary["overall"]["Theirs"]["l1_hole"]["mean"] == 0
    assert summary["failed"]["Theirs"] == 1
    notes = [line["notes"] for line in read_cases(tmp_path / "run" / "cases.jsonl") if "notes" in line]
    assert len(notes) == 1
    assert "known pixels differ" in notes[0][0]


def test_results_that_fit_no_case_are_refused_before_an_engine_works(photos, masks, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a_result.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"no result for any of 3 cases; looked for a\.png"):
        evaluate(photos, work(masks, results=(("Theirs", tmp_path / "theirs"),)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_results_of_another_size_fail_with_both_sizes_named(photos, masks, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    Image.new("RGB", (10, 10)).save(theirs / "a.png")
    evaluate(photos, work(masks, engines=(), results=(("Theirs", theirs),)), tmp_path / "run", limit=1)
    line = read_cases(tmp_path / "run" / "cases.jsonl")[0]
    assert "10x10" in line["error"]
    assert "80x64" in line["error"]


def test_triplets_are_measured_against_their_background(photos, masks, tmp_path):
    root = tmp_path / "set"
    for folder in ("image", "mask", "background"):
        (root / folder).mkdir(parents=True)
    shutil.copy(photos / "a.png", root / "background" / "1.png")
    mask = Image.new("L", (80, 64))
    mask.paste(255, (20, 20, 40, 40))
    mask.save(root / "mask" / "1.png")
    image = Image.open(photos / "a.png")
    image.paste((255, 0, 0), (20, 20, 40, 40))
    image.save(root / "image" / "1.png")
    run = EvaluationWork(find_protocol("own"), (), ("truth", "telea"), (), MEASURES)
    summary = evaluate(root, run, tmp_path / "run")
    assert summary["overall"]["truth"]["l1_hole"]["mean"] == 0
    assert summary["overall"]["telea"]["l1_hole"]["count"] == 1


def test_pictures_with_drawn_masks_are_their_own_truth_and_outputs_beside_them_are_told_apart(photos, tmp_path):
    case = tmp_path / "set" / "1"
    case.mkdir(parents=True)
    mask = Image.new("L", (80, 64))
    mask.paste(255, (20, 20, 40, 40))
    mask.save(case / "mask.png")
    shutil.copy(photos / "a.png", case / "raw.png")
    shutil.copy(photos / "a.png", case / "output_right.png")
    Image.new("RGB", (80, 64)).save(case / "output_black.png")
    both = (("right", tmp_path / "set"), ("black", tmp_path / "set"))
    summary = evaluate(
        tmp_path / "set", EvaluationWork(find_protocol("drawn"), (), (), both, MEASURES), tmp_path / "run"
    )
    assert summary["overall"]["right"]["l1_hole"]["mean"] == 0
    assert summary["overall"]["black"]["l1_hole"]["mean"] > 5


def test_a_picture_that_cannot_be_read_is_named_and_the_others_are_measured(photos, masks, tmp_path):
    (photos / "b.png").write_bytes(b"no picture")
    summary = evaluate(photos, work(masks), tmp_path / "run")
    assert [line["case"] for line in summary["unread"]] == ["b"]
    assert summary["overall"]["telea"]["l1_hole"]["count"] == 2


def test_an_engine_without_weights_is_listed_as_absent_and_the_others_go_on(photos, masks, tmp_path, monkeypatch):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))
    summary = evaluate(photos, work(masks, engines=("lama", "telea")), tmp_path / "run")
    assert summary["engines"] == ["telea"]
    assert "freefill weights fetch lama" in summary["absent_engines"]["lama"]
    assert json.loads((tmp_path / "run" / "run.json").read_text())["absent"].keys() == {"lama"}
    assert ("lama (absent)", "–") in [row[:2] for row in tables_of(summary)[0].rows]


def test_measures_whose_weights_are_not_here_are_listed_with_the_way_to_them(photos, masks, tmp_path, monkeypatch):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))
    asked = ("l1_hole", "lpips_alex", "lpips_vgg", "fid_inception", "self_consistency")
    summary = evaluate(photos, work(masks, engines=("telea",), measures=asked), tmp_path / "run")
    assert summary["measures"] == ["l1_hole"]
    for name, weights in (("lpips_alex", "lpips-alex"), ("lpips_vgg", "lpips-vgg"), ("fid_inception", "inception-fid")):
        assert f"freefill weights fetch {weights}" in summary["absent"][name]
    assert "self_consistency" in summary["absent"]
    again = evaluate(photos, work(masks, engines=("telea",), measures=asked), tmp_path / "run")
    assert again["absent"] == summary["absent"]


def test_a_crop_is_seen_once_by_the_network_that_two_measures_share(monkeypatch):
    seen = []

    def tokens_of(image):
        seen.append(image.shape)
        return np.ones((image.shape[0] // 14, image.shape[1] // 14, 3), np.float32)

    measurer = Measurer(choose(("rc_s_dinov2s", "context_distance")))
    monkeypatch.setattr(measurer, "_tokens_of", tokens_of)
    picture, hole = np.full((90, 90, 3), 128, np.uint8), np.zeros((90, 90), bool)
    hole[30:60, 30:60] = True
    for shade in (1, 2):
        measurer.of_case(Case("c", picture, hole, None), picture * shade // 2)
    assert len(seen) == 2


def test_a_case_is_measured_alike_whatever_was_measured_before_it(monkeypatch):
    """What a Measurer keeps for the next engine, a truth's features and crops' tokens, is of that case alone."""

    class ByCorner:  # stands for ST-LPIPS: its features are the box itself
        def features(self, image):
            return [image.mean(), image[0, 0, 0]]

        def between(self, a, b):
            return abs(a[0] - b[0]) + abs(a[1] - b[1])

    def tokens_of(image):
        grid = image[::14, ::14].copy()
        return grid / np.maximum(np.linalg.norm(grid, axis=2, keepdims=True), 1e-3)

    def measurer():
        made = Measurer(choose(("psnr_hole", "ssim_hole", "l1", "edge_error", "st_lpips", "token_coherence")))
        monkeypatch.setattr(made, "_tokens_of", tokens_of)
        made.__dict__["_stlpips"] = ByCorner()
        return made

    rng, cases_, fills = np.random.default_rng(0), [], []
    for n in range(3):
        hole = np.zeros((90, 90), bool)
        hole[20 + 5 * n : 60, 30:60] = True
        truth = rng.integers(0, 255, (90, 90, 3), np.uint8)
        cases_.append(Case(f"c{n}", truth, hole, truth))
        fills.append(np.where(hole[..., None], rng.integers(0, 255, truth.shape, np.uint8), truth))
    alone = [measurer().of_case(case, fill) for case, fill in zip(cases_, fills, strict=True)]
    shared = measurer()
    order = (2, 0, 1, 0, 2, 1)
    assert [shared.of_case(cases_[n], fills[n]) for n in order] == [alone[n] for n in order]
    assert len({each["st_lpips"] for each in alone}) == 3


def test_all_measures_leave_out_the_slow_one_unless_it_is_named():
    assert "self_consistency" not in [measure.name for measure in choose(("all",))]
    assert "self_consistency" in [measure.name for measure in choose(("all", "self_consistency"))]


def test_an_unknown_engine_or_none_that_is_ready_stops_the_run(photos, masks, tmp_path, monkeypatch):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "none"))
    with pytest.raises(EngineError, match="did you mean 'telea'"):
        evaluate(photos, work(masks, engines=("telia", "ns")), tmp_path / "run")
    with pytest.raises(WeightsError, match="weights fetch lama"):
        evaluate(photos, work(masks, engines=("lama",)), tmp_path / "run")


def test_two_runs_of_one_protocol_are_compared_case_by_case(photos, masks, tmp_path):
    evaluate(photos, work(masks, engines=("telea",)), tmp_path / "a")
    evaluate(photos, work(masks, engines=("ns",)), tmp_path / "b")
    summary = compared(tmp_path / "a", tmp_path / "b")
    assert summary["engines"] == ["a:telea", "b:ns"]
    assert summary["pairs"]["b:ns"]["l1_hole"]["count"] == 3


def test_runs_of_two_protocols_or_other_pictures_are_not_compared(photos, masks, tmp_path):
    evaluate(photos, work(masks, engines=("telea",)), tmp_path / "a")
    other = EvaluationWork(find_protocol("irregular-256"), mask_files(masks), ("telea",), (), MEASURES)
    evaluate(photos, other, tmp_path / "b")
    with pytest.raises(InputError, match="different protocols"):
        compared(tmp_path / "a", tmp_path / "b")
    Image.new("RGB", (80, 64), (9, 9, 9)).save(photos / "a.png")
    evaluate(photos, work(masks, engines=("telea",)), tmp_path / "c")
    with pytest.raises(InputError, match="picture of case 'a'"):
        compared(tmp_path / "a", tmp_path / "c")


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_this_machine_draws_the_masks_that_are_locked(protocol):
    check_drawn(protocol)


def test_every_protocol_that_draws_its_masks_is_locked(monkeypatch):
    monkeypatch.setattr("freefill.evaluation.lock.drawn", lambda protocol: ["another"] * 32)
    for protocol in PROTOCOLS:
        if protocol.masks not in ("files", "person", "own", "drawn"):
            with pytest.raises(InputError, match="not those that are locked"):
                check_drawn(protocol)


def test_an_outline_of_a_person_is_read_once_for_the_cases_that_draw_on_it(photos, masks, tmp_path, monkeypatch):
    read, asked = cases.read_picture, []
    monkeypatch.setattr(cases, "read_picture", lambda path: (asked.append(path), read(path))[1])
    evaluate(photos, work(masks, protocol=find_protocol("persons-512"), engines=("truth",)), tmp_path / "run")
    assert sorted(path.name for path in asked if path.parent == masks) == ["small.png", "wide.png"]


def test_a_protocol_that_was_changed_without_a_new_version_is_refused():
    with pytest.raises(InputError, match="version was not raised"):
        check_drawn(replace(find_protocol("lama-thin-512"), seed=1))


def test_the_hash_of_a_protocol_follows_every_field():
    protocol = find_protocol("lama-thin-512")
    assert protocol.sha256 != replace(protocol, version=2).sha256
    assert json.dumps(protocol.sha256)
    assert protocol.sha256 == find_protocol("lama-thin-512").sha256
