"""The user's door: what comes in comes out as the same kind, engines are loaded once, and results show themselves."""

from __future__ import annotations

import io
import pickle
import threading
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import pytest
from PIL import Image
from tests.recording import Recording, ready

import freefill
from freefill.engines import registry
from freefill.errors import EngineError, InputError
from freefill.inpainter import Inpainter
from freefill.request import Request
from freefill.result import SHOWN_PX
from freefill.values import EngineSettings, EngineSpec, Mask, Options, Picture

torch = pytest.importorskip("torch")

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
HOLE = np.zeros((40, 60), bool)
HOLE[10:14, 20:40] = True
FAST: dict[str, Any] = {"engine": "ns", "texture": "never"}


def encoded(form: str, **save: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(PIXELS).save(out, form, **save)
    return out.getvalue()


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, EngineSettings]]:
    """Every engine is a recording one; what was loaded, and with which settings."""
    loaded: list[tuple[str, EngineSettings]] = []

    def load(spec: EngineSpec, settings: EngineSettings) -> Any:
        loaded.append((spec.name, settings))
        return ready(Recording(), name=spec.name, guides=spec.guides)

    monkeypatch.setattr(registry, "load", load)
    return loaded


# --- engines -----------------------------------------------------------------------------------------------------


def test_an_engine_is_loaded_once_for_many_pictures_and_threads(loads: list[tuple[str, EngineSettings]]):
    fill = Inpainter("telea")
    threads = [threading.Thread(target=fill, args=(PIXELS, HOLE), kwargs={"texture": "never"}) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [name for name, _ in loads] == ["telea"]


def test_the_engine_is_made_as_asked(loads: list[tuple[str, EngineSettings]]):
    Inpainter("deepfill", weights="w.pth", device="cpu", precision="bf16", save_stages=True, save_attention=True)
    ((name, settings),) = loads
    assert name == "deepfillv2"
    told = settings.weights, settings.device, settings.precision, settings.save_stages, settings.save_attention
    assert told == ("w.pth", "cpu", "bf16", True, True)


def test_a_request_makes_the_same_one(loads: list[tuple[str, EngineSettings]]):
    Inpainter.of(Request(engine="lama", weights="w.pt", device="cpu", precision="fp16", save_stages=True))
    ((name, settings),) = loads
    assert (name, settings.weights, settings.device, settings.precision) == ("lama", "w.pt", "cpu", "fp16")
    assert (settings.save_stages, settings.save_attention) == (True, False)


def test_auto_chooses_for_each_picture_and_says_why(loads: list[tuple[str, EngineSettings]]):
    fill = Inpainter()
    assert loads == []
    result = fill(PIXELS, HOLE)
    small = fill(PIXELS[:20, :20], HOLE[5:25, 15:35])
    assert (result.plan.engine, small.plan.engine) == ("texture", "ns")
    assert result.plan.reason == "engine texture: copies from the picture itself"
    assert result.notes == ()  # only --verbose tells it


def test_an_engine_that_was_asked_for_is_not_explained(loads: list[tuple[str, EngineSettings]]):
    assert Inpainter("telea")(PIXELS, HOLE).notes == ()


def test_wishes_for_networks_are_not_ignored_without_a_word():
    notes = Inpainter("ns", weights="celebahq", device="cuda")(PIXELS, HOLE, texture="never").notes
    (told,) = (note for note in notes if "had no effect" in note)
    assert told.startswith("engine 'ns' is no network, so weights='celebahq' and device='cuda' had no effect")
    assert not any(
        "had no effect" in note for note in Inpainter("ns", device="cpu")(PIXELS, HOLE, texture="never").notes
    )


def test_an_empty_mask_is_not_explained_either(loads: list[tuple[str, EngineSettings]]):
    notes = Inpainter()(PIXELS, np.zeros_like(HOLE)).notes
    assert notes == ("the mask is empty, so the picture is unchanged; white is what should go",)


@pytest.mark.parametrize(("texture", "loaded"), [("auto", ["telea", "texture"]), ("never", ["telea"])])
def test_patch_synthesis_is_loaded_where_it_may_be_wanted(
    loads: list[tuple[str, EngineSettings]], texture: Any, loaded: list[str]
):
    Inpainter("telea")(PIXELS, HOLE, texture=texture)
    assert [name for name, _ in loads] == loaded


def test_an_unknown_engine_is_told_at_once():
    with pytest.raises(EngineError, match="did you mean 'telea'"):
        Inpainter("tela")


def test_an_engine_that_is_no_network_takes_no_batch():
    for name in ("telea", "auto"):
        with pytest.raises(EngineError, match="does not take tensors"):
            Inpainter(name).fill_batch(torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 8))


def test_a_network_takes_a_batch(monkeypatch: pytest.MonkeyPatch):
    class Network(Recording):
        def fill_batch(self, images: Any, masks: Any) -> Any:
            return images + masks

    monkeypatch.setattr(registry, "load", lambda spec, settings: ready(Network(), name=spec.name))
    assert Inpainter("lama").fill_batch(torch.ones(1, 3, 2, 2), torch.ones(1, 1, 2, 2)).max() == 2


def test_it_can_be_pickled_and_fills_the_same():
    fill = Inpainter("ns")
    again = pickle.loads(pickle.dumps(fill))
    assert np.array_equal(again(PIXELS, HOLE, texture="never").image, fill(PIXELS, HOLE, texture="never").image)


def test_as_a_context_manager_it_lets_go(loads: list[tuple[str, EngineSettings]]):
    with Inpainter("telea") as fill:
        fill(PIXELS, HOLE, texture="never")
    assert len(loads) == 1
    fill(PIXELS, HOLE, texture="never")
    assert len(loads) == 2


def test_the_plan_is_the_one_that_is_carried_out(loads: list[tuple[str, EngineSettings]]):
    fill, options = Inpainter(), Options(seed=5)
    picture, mask = Picture(PIXELS), Mask(HOLE)
    plan, outcome = fill.plan(picture, mask, options), fill.run(picture, mask, options)
    assert plan.windows == outcome.plan.windows
    assert plan.reason == outcome.plan.reason == "engine texture: copies from the picture itself"
    assert Inpainter("telea").plan(picture, mask).reason == ""


# --- in and out --------------------------------------------------------------------------------------------------


def test_saving_tells_what_the_file_could_not_keep(tmp_path: Path):
    result = freefill.inpaint(PIXELS.astype(np.uint16) * 257, HOLE, **FAST)
    assert result.save(tmp_path / "a.png") == ()
    assert any("8 bits" in note for note in result.save(tmp_path / "a.jpg"))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "JPEG"])
def test_bytes_in_bytes_out_of_the_same_format(form: str):
    out = freefill.inpaint(encoded(form), HOLE, **FAST).image
    assert isinstance(out, bytes)
    with Image.open(io.BytesIO(out)) as image:
        assert (image.format, image.size) == (form, (60, 40))


@pytest.mark.parametrize("shape", [(3, 40, 60), (1, 3, 40, 60), (1, 40, 60), (40, 60)])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bfloat16, torch.float16, torch.float32])
def test_a_tensor_comes_back_as_one(shape: tuple[int, ...], dtype: Any):
    tensor = torch.rand(shape) if dtype.is_floating_point else torch.randint(0, 256, shape)
    tensor = tensor.to(dtype)
    out = freefill.inpaint(tensor, torch.from_numpy(HOLE)[None], **FAST).image
    assert (out.shape, out.dtype, out.device) == (tensor.shape, tensor.dtype, tensor.device)
    assert torch.equal(out[..., torch.from_numpy(~HOLE)], tensor[..., torch.from_numpy(~HOLE)])
    assert not torch.equal(out, tensor)


def test_a_progress_that_cannot_be_called_is_told():
    with pytest.raises(InputError, match="progress must be a function"):
        freefill.inpaint(PIXELS, HOLE, progress=5, **FAST)  # type: ignore[arg-type]


def test_what_is_no_number_stays_none_in_a_tensor_where_it_is_not_filled():
    tensor = torch.rand(3, 40, 60)
    tensor[:, 2, 3] = torch.nan
    tensor[:, 11, 22] = torch.inf
    out = freefill.inpaint(tensor, torch.from_numpy(HOLE), **FAST).image
    assert out[:, 2, 3].isnan().all()
    assert out[:, 11, 22].isfinite().all()


def test_a_file_of_heights_gives_an_array_of_them(tmp_path: Path):
    heights = np.arange(2400, dtype=np.int32).reshape(40, 60) - 70_000
    freefill.inpaint(heights, HOLE, **FAST).save(tmp_path / "a.tif")
    out = freefill.inpaint(tmp_path / "a.tif", HOLE, **FAST).image
    assert out.dtype == np.int32
    assert np.array_equal(out[~HOLE][:, 0], heights[~HOLE])


def test_a_path_gives_an_array(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(encoded("PNG"))
    out = freefill.inpaint(tmp_path / "a.png", HOLE, **FAST).image
    assert np.array_equal(out[~HOLE], PIXELS[~HOLE])


def test_every_value_shows_itself_in_one_line():
    picture = Picture(PIXELS, np.full((40, 60), 255, np.uint8), source="photo.jpg")
    shown = {
        repr(picture): "<freefill.Picture 60x40, 4 channels of uint8, from photo.jpg>",
        repr(Mask(HOLE)): "<freefill.Mask 60x40, 3.3% hole, from mask>",
        repr(Inpainter("telea")): "<freefill.Inpainter 'telea'>",
    }
    assert all(one == other for one, other in shown.items())


def test_the_public_functions_hints_can_be_read_by_programs():
    for function in (freefill.inpaint, freefill.extend, freefill.diagnose):
        assert get_type_hints(function)


def test_a_result_is_of_the_type_that_is_public():
    result = freefill.inpaint(PIXELS, HOLE, **FAST)
    assert type(result) is freefill.Result
    assert result.image is result.image  # worked out once


def test_a_result_is_saved_as_asked(tmp_path: Path):
    result = freefill.inpaint(PIXELS, HOLE, **FAST)
    result.save(tmp_path / "a.webp")
    result.save(tmp_path / "b.bin", format="jpeg", quality=30)
    result.save_mask(tmp_path / "m.png")
    for name, form in {"a.webp": "WEBP", "b.bin": "JPEG", "m.png": "PNG"}.items():
        with Image.open(tmp_path / name) as image:
            assert image.format == form
    with Image.open(tmp_path / "m.png") as image:
        assert np.array_equal(np.asarray(image), HOLE)
    assert result.to_bytes()[1:4] == b"PNG"
    assert len(result.to_bytes("jpeg", quality=10)) < len(result.to_bytes("jpeg", quality=95))


# --- shown -------------------------------------------------------------------------------------------------------


def test_a_result_says_in_one_line_what_it_is():
    told = repr(freefill.inpaint(PIXELS, HOLE, **FAST))
    assert told.startswith("<freefill.Result 60x40, 3.3% filled by ns in ")
    assert told.endswith("0 notes>")
    assert "\n" not in told


def test_a_notebook_shows_the_picture():
    result = freefill.inpaint(PIXELS, HOLE, **FAST)
    shown = result._repr_jpeg_()
    assert shown is not None
    assert result._repr_png_() is None
    assert Image.open(io.BytesIO(shown)).size == (60, 40)


def test_a_notebook_shows_a_large_deep_transparent_picture_small():
    deep = np.full((50, 2 * SHOWN_PX, 4), 40000, np.uint16)
    deep[..., 3] = 65535
    deep[0, 0, 3] = 0
    hole = np.zeros(deep.shape[:2], bool)
    hole[20:24, 100:104] = True
    result = freefill.inpaint(deep, hole, **FAST)
    shown = result._repr_png_()
    assert shown is not None
    assert result._repr_jpeg_() is None
    with Image.open(io.BytesIO(shown)) as image:
        assert (image.size, image.mode) == ((SHOWN_PX, 25), "RGBA")
        assert image.getpixel((500, 10)) == (156, 156, 156, 255)


def test_the_package_shows_what_there_is():
    assert {"inpaint", "Inpainter", "Result", "masks", "__version__"} <= set(dir(freefill))


# --- wishes ------------------------------------------------------------------------------------------------------


def test_progress_reaches_the_caller_and_may_cancel():
    told: list[str] = []
    freefill.inpaint(PIXELS, HOLE, progress=lambda step: told.append(step.part), **FAST)
    assert told == ["plan", "cut", "fill", "paste"]

    def stop(step: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        freefill.inpaint(PIXELS, HOLE, progress=stop, **FAST)


def test_progress_goes_on_inside_a_window_and_never_falls():
    told: list[freefill.Progress] = []
    result = freefill.inpaint(PIXELS, HOLE, engine="texture", progress=told.append)
    shares = [step.share for step in told]
    assert len(result.plan.windows) == 1
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len({share for step, share in zip(told, shares, strict=True) if step.part == "fill"}) > 5


def test_a_fill_can_be_cancelled_in_the_middle_of_a_window():
    class Enough(Exception):
        pass

    def stop(step: freefill.Progress) -> None:
        if 0.5 < step.share < 1:
            raise Enough

    before = PIXELS.copy()
    with pytest.raises(Enough):
        freefill.inpaint(PIXELS, HOLE, engine="texture", progress=stop)
    assert np.array_equal(PIXELS, before)
    assert threading.active_count() < 4  # nothing is left at work


def test_what_may_not_be_copied_from_reaches_the_engine(loads: list[tuple[str, EngineSettings]]):
    fill = Inpainter("telea")
    barred = np.zeros_like(HOLE)
    barred[:, :30] = True
    fill(PIXELS, HOLE, not_from=barred, texture="never")
    (crop,) = fill._loaded["telea"].engine.crops  # type: ignore[attr-defined]
    assert crop.source is not None
    assert not crop.source.all()
    assert not (crop.source & crop.hole).any()
    assert crop.source.any()


def test_a_sketch_reaches_the_engine_that_follows_one(loads: list[tuple[str, EngineSettings]]):
    fill = Inpainter("deepfillv2")
    lines = np.zeros_like(HOLE)
    lines[12, 22:38] = True
    fill(PIXELS, HOLE, sketch=lines, texture="never")
    (crop,) = fill._loaded["deepfillv2"].engine.crops  # type: ignore[attr-defined]
    assert crop.guide is not None
    assert int(crop.guide.values.sum()) == 16
    with pytest.raises(EngineError, match="engine 'telea' follows no sketch; pass engine='deepfillv2'"):
        Inpainter("telea")(PIXELS, HOLE, sketch=lines)


def test_a_wrong_argument_names_itself():
    with pytest.raises(InputError, match="None is not a length"):
        freefill.inpaint(PIXELS, HOLE, grow=None, **FAST)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="None is not a picture"):
        freefill.inpaint(None, HOLE, **FAST)
    with pytest.raises(InputError, match="engine must be a name"):
        freefill.inpaint(PIXELS, HOLE, engine=None)  # type: ignore[arg-type]
