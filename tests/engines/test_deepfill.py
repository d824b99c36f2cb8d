"""The engine deepfillv2 on small networks of the public shape, made in the test."""

import threading
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from freefill.engines import registry  # noqa: E402
from freefill.engines.attention_map import attention_map  # noqa: E402
from freefill.engines.deepfill import DeepFill  # noqa: E402
from freefill.errors import EngineError, InputError, WeightsError  # noqa: E402
from freefill.inpainter import Inpainter  # noqa: E402
from freefill.networks.deepfill import Generator  # noqa: E402
from freefill.values import Crop, EngineSettings, Guide  # noqa: E402


def network(layout: Literal["pt", "tf"] = "pt", in_channels=5):
    """A small generator whose fill depends on its surroundings."""
    torch.manual_seed(3)
    generator = Generator(layout, 8, in_channels)
    for parameter in generator.parameters():
        parameter.data.mul_(2.0 if parameter.ndim == 4 else 1.0)
    return generator.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.save({"G": network().state_dict()}, path)
    return str(path)


@pytest.fixture(scope="module")
def engine(file):
    return DeepFill(EngineSettings(weights=file, device="cpu"))


def crop(height=96, width=128, hole=(40, 40, 24, 30), **more):
    rng = np.random.default_rng(height * width)
    rows, cols = np.mgrid[:height, :width]
    image = (
        0.5 + 0.3 * np.sin(rows / 5)[..., None] * np.cos(cols / 7)[..., None] + rng.normal(0, 0.05, (height, width, 3))
    )
    mask = np.zeros((height, width), bool)
    mask[hole[0] : hole[0] + hole[2], hole[1] : hole[1] + hole[3]] = True
    return Crop(image.clip(0, 1).astype(np.float32), mask, **more)


def by_generator(one):
    """The same hole by the plain generator, (h, w, 3) in [0, 1]."""
    image = torch.from_numpy(one.image.copy()).permute(2, 0, 1)[None] * 2 - 1
    refined = network()(image, torch.from_numpy(one.hole.copy())[None, None].float())[1]
    return ((refined[0] + 1) / 2).clamp(0, 1).permute(1, 2, 0).numpy()


def test_the_fill_is_what_the_generator_gives(engine):
    one = crop()
    assert np.abs(engine.fill(one, 0).pixels[one.hole] - by_generator(one)[one.hole]).max() < 1e-5


@settings(max_examples=12, deadline=None)
@given(
    rows=st.integers(1, 8),
    cols=st.integers(1, 8),
    hole=st.tuples(st.integers(0, 63), st.integers(0, 63), st.integers(1, 64), st.integers(1, 64)),
)
def test_any_size_that_obeys_the_rule_and_any_hole_is_filled(engine, rows, cols, hole):
    height, width = 8 * rows, 8 * cols
    one = crop(height, width, (hole[0] % height, hole[1] % width, hole[2], hole[3]))
    pixels = engine.fill(one, 0).pixels
    assert pixels.shape == one.image.shape
    assert np.isfinite(pixels).all()
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    assert np.abs(pixels - by_generator(one))[one.hole].max() < 1e-4


def test_sides_that_are_no_multiples_of_8_are_refused_and_named(engine):
    with pytest.raises(EngineError, match="130x100"):
        engine.fill(crop(100, 130), 0)


def test_what_lies_in_the_hole_is_not_read(engine):
    one = crop()
    other = Crop(np.where(one.hole[..., None], np.float32(0.123), one.image), one.hole)
    assert np.array_equal(engine.fill(one, 0).pixels[one.hole], engine.fill(other, 0).pixels[one.hole])


def test_less_memory_gives_the_same_fill(engine):
    one = crop()
    tight = Crop(one.image, one.hole, max_memory_bytes=64 << 20)
    assert np.abs(engine.fill(one, 0).pixels - engine.fill(tight, 0).pixels)[one.hole].max() < 1e-5


def test_threads_share_one_engine_and_get_the_same_fills(engine):
    crops = [crop(hole=(8 * i, 16, 20, 30)) for i in range(6)]
    alone = [engine.fill(one, 0).pixels for one in crops]
    together = [np.empty(0)] * len(crops)

    def work(number):
        together[number] = engine.fill(crops[number], 0).pixels

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(crops))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, first, second in zip(crops, alone, together, strict=True):
        assert np.array_equal(first[one.hole], second[one.hole])


def test_a_batch_gives_what_single_pictures_give(engine):
    crops = [crop(hole=(10, 10, 20, 30)), crop(hole=(50, 70, 30, 40))]
    images = torch.stack([torch.from_numpy(one.image.copy()).permute(2, 0, 1) for one in crops])
    masks = torch.stack([torch.from_numpy(one.hole.copy())[None] for one in crops])
    filled = engine.fill_batch(images, masks)
    for number, one in enumerate(crops):
        got = filled[number].permute(1, 2, 0).numpy()
        assert np.array_equal(got[~one.hole], one.image[~one.hole])
        assert np.abs(got - engine.fill(one, 0).pixels)[one.hole].max() < 1e-5


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (70, 93)])
def test_a_batch_takes_any_size(file, size):
    inpainter = Inpainter("deepfill", weights=file, device="cpu")
    images, masks = torch.rand(2, 3, *size), torch.zeros(2, 1, *size)
    masks[:, :, : max(size[0] // 2, 1), : max(size[1] // 2, 1)] = 1
    filled = inpainter.fill_batch(images, masks)
    assert filled.shape == images.shape
    assert torch.equal(filled[(masks == 0).expand(-1, 3, -1, -1)], images[(masks == 0).expand(-1, 3, -1, -1)])
    assert torch.isfinite(filled).all()


def test_stages_and_attention_come_only_when_asked_for(file, engine):
    assert not engine.fill(crop(), 0).stages
    assert engine.fill(crop(), 0).copied_from is None
    asked = DeepFill(EngineSettings(weights=file, device="cpu", save_stages=True, save_attention=True))
    one = crop()
    fill = asked.fill(one, 0)
    assert set(fill.stages) == {"coarse", "refined", "attention"}
    assert fill.stages["coarse"].shape == one.image.shape
    assert np.allclose(fill.stages["coarse"][~one.hole], one.image[~one.hole], atol=1e-6)
    assert not np.allclose(fill.stages["coarse"][one.hole], fill.stages["refined"][one.hole])


def test_sources_lie_in_the_known_part(file):
    asked = DeepFill(EngineSettings(weights=file, device="cpu", save_attention=True))
    one = crop(hole=(40, 40, 32, 40))
    copied = asked.fill(one, 0).copied_from
    assert copied is not None
    rows, cols = copied[one.hole].T
    assert not one.hole[rows, cols].any()


def test_where_everything_is_hole_there_is_nothing_to_copy(file):
    asked = DeepFill(EngineSettings(weights=file, device="cpu", save_attention=True))
    fill = asked.fill(crop(hole=(0, 0, 96, 128)), 0)
    assert fill.copied_from is None
    assert np.isfinite(fill.pixels).all()


def from_one_place(shape, place):
    return np.broadcast_to(np.int32(place), (*shape, 2)).copy()


def test_attention_map_gives_the_hole_the_colours_of_its_sources():
    one = crop(hole=(30, 40, 50, 60))
    painted = attention_map(one.image, one.hole, from_one_place(one.hole.shape, (5, 120)))
    assert painted.shape == (5 * 96 + 90, 5 * 128, 3)  # a small window is drawn five times as large
    inside = painted[5 * 30 + 4 : 5 * 32, 5 * 40 + 4 : 5 * 42].reshape(-1, 3)  # clear of the white edge and the arrows
    assert np.ptp(inside, axis=0).max() < 1e-6
    assert inside[0, 0] > 0.9 > inside[0, 2]  # upper right: yellow


def test_each_of_a_few_holes_gets_an_arrow():
    image, hole = np.full((700, 700, 3), 0.5, np.float32), np.zeros((700, 700), bool)
    for top, left in ((10, 10), (33, 401), (200, 210), (620, 640)):
        hole[top : top + 30, left : left + 30] = True
    painted = attention_map(image, hole, from_one_place(hole.shape, (350, 350)))
    for top, left in ((10, 10), (33, 401), (200, 210), (620, 640)):
        inner = painted[top + 2 : top + 28, left + 2 : left + 28]  # inside of the outline
        assert (inner == 1).all(axis=2).any(), (top, left)


def test_a_map_where_nothing_could_be_copied_says_so(file):
    asked = DeepFill(EngineSettings(weights=file, device="cpu", save_attention=True))
    fill = asked.fill(crop(16, 16, (5, 5, 4, 6)), 0)
    assert fill.copied_from is None
    assert fill.stages["attention"].shape == (640 + 30, 640, 3)
    assert (fill.stages["attention"][640:] < 0.5).any()  # text


@pytest.mark.parametrize(
    ("images", "masks", "words"),
    [
        (torch.zeros(1, 16, 16, 3), torch.zeros(1, 1, 16, 16), "pictures are"),
        (torch.zeros(1, 3, 16, 16, dtype=torch.uint8), torch.zeros(1, 1, 16, 16), "uint8"),
        (torch.zeros(1, 3, 16, 16), torch.zeros(1, 16, 16), "masks are"),
    ],
)
def test_a_batch_of_other_shapes_or_numbers_is_refused(engine, images, masks, words):
    with pytest.raises(InputError, match=words):
        engine.fill_batch(images, masks)


def test_bf16_differs_little(file, engine):
    low = DeepFill(EngineSettings(weights=file, device="cpu", precision="bf16"))
    one = crop()
    error = (low.fill(one, 0).pixels - engine.fill(one, 0).pixels)[one.hole]
    assert np.abs(error).max() > 0
    assert -10 * np.log10(np.square(error).mean()) > 45


def test_fp16_on_a_processor_is_refused_with_a_way_out(file):
    with pytest.raises(EngineError, match="bf16"):
        DeepFill(EngineSettings(weights=file, device="cpu", precision="fp16"))


@pytest.fixture(scope="module")
def guided(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "guided.pth"
    torch.save(network(in_channels=6).state_dict(), path)
    return str(path)


def lines_of(one, row):
    lines = np.zeros((*one.hole.shape, 1), np.float32)
    lines[row] = 1
    return lines


def test_a_sketch_steers_the_fill_as_the_generator_says(guided):
    one = crop()
    lines = lines_of(one, 50)
    fill = DeepFill(EngineSettings(weights=guided, device="cpu")).fill(replace(one, guide=Guide("sketch", lines)), 0)
    image = torch.from_numpy(one.image.copy()).permute(2, 0, 1)[None] * 2 - 1
    hole, guide = torch.from_numpy(one.hole.copy())[None, None].float(), torch.from_numpy(lines).permute(2, 0, 1)[None]
    refined = network(in_channels=6)(image, hole, guide)[1]
    expected = ((refined[0] + 1) / 2).clamp(0, 1).permute(1, 2, 0).numpy()
    assert np.abs(fill.pixels - expected)[one.hole].max() < 1e-4
    assert not fill.notes


def test_only_lines_within_the_hole_count_and_their_lack_is_told(guided):
    engine, one = DeepFill(EngineSettings(weights=guided, device="cpu")), crop()
    fills = [
        engine.fill(one if lines is None else replace(one, guide=Guide("sketch", lines)), 0)
        for lines in (None, lines_of(one, 5), lines_of(one, 50))
    ]
    without, outside, inside = (fill.pixels[one.hole] for fill in fills)
    assert np.array_equal(without, outside)
    assert np.abs(without - inside).max() > 1e-3
    assert ["take a sketch" in " ".join(fill.notes) for fill in fills] == [True, False, False]
    tensors = torch.from_numpy(one.image.copy()).permute(2, 0, 1)[None], torch.from_numpy(one.hole.copy())[None, None]
    batch = engine.fill_batch(*tensors)[0].permute(1, 2, 0).numpy()
    assert np.abs(batch[one.hole] - without).max() < 1e-5


def test_a_sketch_for_weights_that_take_none_is_refused(engine):
    one = crop()
    with pytest.raises(EngineError, match="take no sketch; leave --sketch out"):
        engine.fill(replace(one, guide=Guide("sketch", lines_of(one, 50))), 0)


def test_weights_with_more_guides_than_a_sketch_are_refused(tmp_path):
    torch.save(network(in_channels=7).state_dict(), tmp_path / "guided.pth")
    with pytest.raises(EngineError, match="want 2 guides"):
        DeepFill(EngineSettings(weights=str(tmp_path / "guided.pth"), device="cpu"))


def test_weights_of_another_network_are_refused(tmp_path):
    torch.save({"fc.weight": torch.zeros(2, 2)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError):
        DeepFill(EngineSettings(weights=str(tmp_path / "other.pth"), device="cpu"))


def test_the_alias_finds_the_same_engine():
    assert registry.find("deepfill") is registry.find("deepfillv2")


def test_tf_weights_load_too(tmp_path):
    torch.save({"G": network("tf").state_dict()}, tmp_path / "tf.pth")
    one = crop()
    pixels = DeepFill(EngineSettings(weights=str(tmp_path / "tf.pth"), device="cpu")).fill(one, 0).pixels
    assert np.isfinite(pixels[one.hole]).all()


@pytest.fixture
def small_weights(tmp_path, monkeypatch):
    """A package that brings weights of its own, on a machine where none were fetched."""
    from safetensors.torch import save_file

    from freefill.engines.deepfill import SMALL
    from freefill.weights import packaged as own

    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path / "store"))
    monkeypatch.setattr(own, "FOLDER", tmp_path / "packaged")
    own.FOLDER.mkdir()
    state = {key: value.half().contiguous() for key, value in network().state_dict().items()}
    save_file(state, own.FOLDER / f"{SMALL}.safetensors")
    return own.FOLDER


def test_without_fetched_weights_the_packaged_ones_fill_and_say_what_they_are(small_weights):
    filled = DeepFill(EngineSettings(device="cpu")).fill(crop(), 0)
    assert np.isfinite(filled.pixels).all()
    assert any("small weights" in note and "freefill weights fetch places2" in note for note in filled.notes)


def test_packaged_weights_that_were_asked_for_by_name_need_no_note(small_weights):
    asked = DeepFill(EngineSettings(device="cpu", weights="deepfill-starter"))
    assert asked.fill(crop(), 0).notes == ()
    assert np.array_equal(asked.fill(crop(), 0).pixels, DeepFill(EngineSettings(device="cpu")).fill(crop(), 0).pixels)


def test_a_package_without_weights_says_what_to_fetch(small_weights):
    for file in small_weights.iterdir():
        file.unlink()
    with pytest.raises(WeightsError, match="run: freefill weights fetch places2"):
        DeepFill(EngineSettings(device="cpu"))


@pytest.mark.parametrize(
    ("about", "hole_px"), [({"side_px": 64}, 32), ({"side_px": 96}, 48), ({}, 128), ({"side_px": "wide"}, 128)]
)
def test_weights_that_say_how_small_their_pictures_were_fill_no_thicker_holes_at_full_scale(
    tmp_path, monkeypatch, about, hole_px
):
    from freefill.weights.importing import import_trained

    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path))
    import_trained(network().state_dict(), "mine", "a run", about)
    ready = registry.load(registry.find("deepfillv2"), EngineSettings(weights="mine", device="cpu"))
    assert ready.spec.size.hole_px == hole_px
    assert registry.find("deepfillv2").size.hole_px == 128


def test_a_file_that_says_nothing_of_its_training_is_taken_for_the_papers(file):
    ready = registry.load(registry.find("deepfillv2"), EngineSettings(weights=file, device="cpu"))
    assert ready.spec.size.hole_px == 128
