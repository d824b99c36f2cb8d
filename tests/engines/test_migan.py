"""The engine migan on small TorchScript files of the same signature: each convention is seen by its effect."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import Tensor, nn  # noqa: E402
from torchscript_files import put_into_store  # noqa: E402

from freefill.engines.migan import Migan  # noqa: E402
from freefill.errors import EngineError, WeightsError  # noqa: E402
from freefill.inpainter import Inpainter  # noqa: E402
from freefill.values import Crop, EngineSettings, Mask, Options, Picture  # noqa: E402


class ShowsMask(nn.Module):
    """Red = the mask channel as it is, green = -1, blue = the picture's blue."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x[:, :1], torch.full_like(x[:, :1], -1.0), x[:, 3:]], dim=1)


class ShowsRange(nn.Module):
    """Everywhere the darkest and the brightest value of the picture, and the number of channels in tenths."""

    def forward(self, x: Tensor) -> Tensor:
        image = x[:, 1:]
        values = torch.stack([image.min(), image.max(), torch.tensor(x.shape[1] / 10.0)])
        return values.reshape(1, 3, 1, 1).expand(x.shape[0], 3, x.shape[2], x.shape[3])


class Overshoots(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x[:, :1] * 6, x[:, :1] * -6, x[:, :1] * 0], dim=1)


class Blurs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(4, 3, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.conv(x))


def crop(size: int = 512, seed: int = 0) -> Crop:
    rng = np.random.default_rng(seed)
    image = (0.1 + 0.8 * rng.random((size, size, 3))).astype(np.float32)
    hole = np.zeros((size, size), bool)
    hole[100:200, 300:450] = True
    return Crop(image, hole)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(module: nn.Module, settings: EngineSettings | None = None) -> Migan:
        put_into_store(module, "migan", tmp_path / "weights", monkeypatch)
        return Migan(settings or EngineSettings())

    return make


def test_the_mask_channel_is_minus_a_half_in_the_hole(made) -> None:
    one = crop()
    red, green, blue = made(ShowsMask()).fill(one, 0).pixels[one.hole].T
    assert (red == 0.25).all()  # -0.5 of [-1, 1]
    assert (green == 0).all()
    assert (blue == 0.5).all()  # the picture's hole is 0 of [-1, 1]


def test_the_mask_channel_is_plus_a_half_where_known(made) -> None:
    """Seen through a network that gives its input back one pixel further to the right."""

    class Shifts(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.roll(x[:, :3], 1, dims=3)

    one = crop()
    pixels = made(Shifts()).fill(one, 0).pixels
    assert pixels[150, 300, 0] == 0.75  # the first column of the hole shows the known pixel left of it
    np.testing.assert_allclose(pixels[150, 300, 1:], one.image[150, 299, :2], atol=1e-6)  # RGB, in [-1, 1]


def test_the_picture_is_given_in_minus_1_to_1_after_one_mask_channel(made) -> None:
    one = crop()
    darkest, brightest, channels = made(ShowsRange()).fill(one, 0).pixels[one.hole][0]
    assert darkest == pytest.approx(one.image[~one.hole].min(), abs=1e-6)
    assert brightest == pytest.approx(one.image[~one.hole].max(), abs=1e-6)
    assert channels == pytest.approx(0.4 / 2 + 0.5)


def test_known_pixels_come_back_and_overshoot_is_clipped(made) -> None:
    one = crop()
    pixels = made(Overshoots()).fill(one, 0).pixels
    assert np.array_equal(pixels[~one.hole], one.image[~one.hole])
    assert pixels[one.hole][0].tolist() == [0.0, 1.0, 0.5]


def test_what_lies_under_the_mask_has_no_effect(made) -> None:
    one = crop()
    other = Crop(np.where(one.hole[..., None], np.float32(0.9), one.image), one.hole)
    engine = made(Blurs())
    assert np.array_equal(engine.fill(one, 0).pixels, engine.fill(other, 0).pixels)


def test_bf16_is_close_to_fp32(made) -> None:
    one = crop()
    full, low = made(Blurs()).fill(one, 0), made(Blurs(), EngineSettings(precision="bf16")).fill(one, 0)
    difference = np.abs(full.pixels - low.pixels)
    assert 0 < difference.max() < 0.02


def test_fp16_on_the_cpu_is_refused_with_the_way_out(made) -> None:
    with pytest.raises(EngineError, match="--precision bf16"):
        made(Blurs(), EngineSettings(device="cpu", precision="fp16"))


def test_another_size_is_refused(made) -> None:
    with pytest.raises(EngineError, match="512x512, not 520x520"):
        made(ShowsMask()).fill(crop(520), 0)


@pytest.mark.parametrize("size", [(20, 30), (512, 512), (530, 700), (300, 1400)])
def test_pictures_of_any_size_are_filled_and_known_pixels_kept(made, size: tuple[int, int]) -> None:
    made(ShowsMask())
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    hole = np.zeros(size, bool)
    hole[size[0] // 3 : size[0] // 2, size[1] // 3 : size[1] // 2] = True
    result = Inpainter("migan", device="cpu")(image, hole, texture="never")
    assert (result.picture.pixels[hole][:, 0] == 64).all()  # 0.25
    assert np.array_equal(result.picture.pixels[~hole], image[~hole])


@pytest.mark.parametrize("hole_px", [5, 100, 500, 900])
def test_every_window_is_brought_to_512(made, hole_px: int) -> None:
    made(ShowsMask())
    hole = np.zeros((1200, 1000), bool)
    hole[100 : 100 + hole_px, 50 : 50 + hole_px] = True
    plan = Inpainter("migan", device="cpu").plan(Picture(np.zeros((1200, 1000, 3), np.uint8)), Mask(hole), Options())
    for window in plan.windows:
        sides = (round(window.box.height * window.scale), round(window.box.width * window.scale))
        assert (sides[0] + window.pad_px[0], sides[1] + window.pad_px[1]) == (512, 512)


def test_without_weights_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path))
    with pytest.raises(WeightsError, match="run: freefill weights fetch migan"):
        Migan(EngineSettings())


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_a_gpu_gives_what_the_cpu_gives(made, precision) -> None:
    here = made(Blurs(), EngineSettings(device="cpu"))
    there = made(Blurs(), EngineSettings(device="cuda", precision=precision))
    np.testing.assert_allclose(here.fill(crop(), 0).pixels, there.fill(crop(), 0).pixels, atol=1e-2)
