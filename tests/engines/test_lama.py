"""The engine lama on small TorchScript files of the same signature: each convention is seen by its effect."""

import threading
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import Tensor, nn  # noqa: E402
from torchscript_files import put_into_store  # noqa: E402

from freefill.engines import registry  # noqa: E402
from freefill.engines.lama import Lama  # noqa: E402
from freefill.errors import EngineError, WeightsError  # noqa: E402
from freefill.inpainter import Inpainter  # noqa: E402
from freefill.values import Crop, EngineSettings  # noqa: E402


class ShowsMask(nn.Module):
    """Red = the mask, green = 0.25, blue = half the picture's blue."""

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        return torch.cat([mask, torch.full_like(mask, 0.25), image[:, 2:] / 2], dim=1)


class ShowsRange(nn.Module):
    """Everywhere the darkest, the brightest and the mean value of what it was given."""

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        values = torch.stack([image.min(), image.max(), mask.max()])
        return values.reshape(1, 3, 1, 1).expand(image.shape[0], 3, image.shape[2], image.shape[3])


class Overshoots(nn.Module):
    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        return torch.cat([mask * 3, mask * -3, mask * 0.5], dim=1)


class Blurs(nn.Module):
    """A convolution, so that threads have something to compute."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(4, 3, 5, padding=2)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        return torch.sigmoid(self.conv(torch.cat([image, mask], dim=1)))


def crop(height: int = 64, width: int = 72, seed: int = 0) -> Crop:
    rng = np.random.default_rng(seed)
    image = (0.2 + 0.6 * rng.random((height, width, 3))).astype(np.float32)
    hole = np.zeros((height, width), bool)
    hole[10:20, 30:50] = True
    return Crop(image, hole)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def make(module: nn.Module, settings: EngineSettings | None = None) -> Lama:
        put_into_store(module, "lama", tmp_path / "weights", monkeypatch)
        return Lama(settings or EngineSettings())

    return make


def test_the_mask_is_one_in_the_hole_and_channels_are_rgb(made) -> None:
    one = crop()
    pixels = made(ShowsMask()).fill(one, 0).pixels
    assert pixels.shape == one.image.shape
    assert pixels.dtype == np.float32
    assert (pixels[one.hole][:, 0] == 1).all()
    assert (pixels[one.hole][:, 1] == 0.25).all()
    assert (pixels[one.hole][:, 2] == 0).all()  # the picture's hole is black to the network


def test_known_pixels_come_back(made) -> None:
    one = crop()
    pixels = made(ShowsMask()).fill(one, 0).pixels
    assert np.array_equal(pixels[~one.hole], one.image[~one.hole])


def test_the_picture_is_given_in_0_to_1(made) -> None:
    one = crop()
    darkest, brightest, mask = made(ShowsRange()).fill(one, 0).pixels[one.hole][0]
    assert darkest == 0
    assert brightest == one.image[~one.hole].max()
    assert mask == 1


def test_what_the_network_overshoots_is_clipped(made) -> None:
    one = crop()
    assert made(Overshoots()).fill(one, 0).pixels[one.hole][0].tolist() == [1.0, 0.0, 0.5]


def test_what_lies_under_the_mask_has_no_effect(made) -> None:
    one = crop()
    other = Crop(np.where(one.hole[..., None], np.float32(0.9), one.image), one.hole)
    engine = made(Blurs())
    assert np.array_equal(engine.fill(one, 0).pixels, engine.fill(other, 0).pixels)


def test_the_first_and_the_fifth_fill_are_the_same(made) -> None:
    engine = made(Blurs())
    fills = [engine.fill(crop(), 0).pixels for _ in range(5)]
    assert all(np.array_equal(fill, fills[0]) for fill in fills)


def test_the_network_is_not_compiled_anew_for_every_size(made) -> None:
    engine = made(ShowsMask())
    seen = []

    def network(image: Tensor, mask: Tensor) -> Tensor:
        seen.append((torch._C._get_graph_executor_optimize(), torch.is_inference_mode_enabled()))
        return image

    engine._network = network
    engine.fill(crop(), 0)
    assert seen == [(False, True)]


def test_several_threads_get_what_one_gets(made) -> None:
    engine = made(Blurs())
    alone = [engine.fill(crop(seed=n), 0).pixels for n in range(8)]
    together: list[np.ndarray | None] = [None] * 8

    def fill(n: int) -> None:
        together[n] = engine.fill(crop(seed=n), 0).pixels

    threads = [threading.Thread(target=fill, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))  # type: ignore[arg-type]


def test_a_batch_gives_what_single_pictures_give(made) -> None:
    engine = made(Blurs())
    crops = [crop(seed=n) for n in range(3)]
    images = torch.stack([torch.from_numpy(one.image.copy()).permute(2, 0, 1) for one in crops])
    masks = torch.stack([torch.from_numpy(one.hole.copy())[None] * 255 for one in crops])
    batch = engine.fill_batch(images, masks)
    for one, filled in zip(crops, batch, strict=True):
        np.testing.assert_allclose(filled.permute(1, 2, 0).numpy(), engine.fill(one, 0).pixels, atol=1e-6)


class ShowsSize(nn.Module):
    """The sides of what it is given, in thousands, and the mask."""

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        height = torch.full_like(mask, image.shape[2] / 1000)
        width = torch.full_like(mask, image.shape[3] / 1000)
        return torch.cat([height, width, mask], dim=1)


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (64, 70), (65, 72)])
def test_sides_are_brought_to_multiples_of_8_and_back(made, size: tuple[int, int]) -> None:
    one = Crop(np.zeros((*size, 3), np.float32), np.ones(size, bool))
    pixels = made(ShowsSize()).fill(one, 0).pixels
    assert pixels.shape == (*size, 3)
    height, width, mask = (pixels[-1, -1] * 1000).round().tolist()
    assert (height, width, mask) == (-(-size[0] // 8) * 8, -(-size[1] // 8) * 8, 1000)


@pytest.mark.parametrize("size", [(9, 70), (61, 67), (300, 45), (700, 333)])
def test_pictures_of_any_size_are_filled_and_known_pixels_kept(made, size: tuple[int, int]) -> None:
    made(ShowsMask())
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    hole = np.zeros(size, bool)
    hole[size[0] // 3 : size[0] // 2 + 1, size[1] // 3 : size[1] // 2 + 1] = True
    result = Inpainter("lama", device="cpu")(image, hole, texture="never")
    assert (result.picture.pixels[hole][:, 0] == 255).all()
    assert np.array_equal(result.picture.pixels[~hole], image[~hole])


def test_a_large_hole_is_filled_at_a_smaller_scale(made) -> None:
    made(ShowsMask())
    image = np.zeros((1200, 1200, 3), np.uint8)
    hole = np.zeros((1200, 1200), bool)
    hole[300:900, 300:900] = True
    from freefill.values import Mask, Options, Picture

    plan = Inpainter("lama", device="cpu").plan(Picture(image), Mask(hole), Options())
    (window,) = plan.windows
    most = registry.find("lama").size.hole_px
    assert most is not None
    assert window.scale == pytest.approx(most / 600, rel=0.02)


def test_lower_precision_is_refused_with_the_reason(made) -> None:
    with pytest.raises(EngineError, match="fp32 only"):
        made(ShowsMask(), EngineSettings(precision="bf16"))


def test_a_device_that_is_not_here_is_refused(made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EngineError, match="no cuda device here"):
        made(ShowsMask(), EngineSettings(device="cuda"))
    with pytest.raises(EngineError, match="does not run on mps"):
        made(ShowsMask(), EngineSettings(device="mps"))
    with pytest.raises(EngineError, match="'tpu' is not known"):
        made(ShowsMask(), EngineSettings(device="tpu"))


def test_without_weights_the_command_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path))
    with pytest.raises(WeightsError, match="run: freefill weights fetch lama"):
        Lama(EngineSettings())


def test_a_file_that_the_card_does_not_vouch_for_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put_into_store(ShowsMask(), "lama", tmp_path / "weights", monkeypatch)
    own = tmp_path / "own.pt"
    own.write_bytes(path.read_bytes())
    with pytest.raises(WeightsError, match=r"own\.pt: is a program, and not the one"):
        Lama(EngineSettings(weights=str(own)))


def test_a_file_that_changed_since_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    path = put_into_store(ShowsMask(), "lama", tmp_path / "weights", monkeypatch)
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # a change that a look at size and time cannot see
    with pytest.raises(WeightsError, match="it was not opened"):
        Lama(EngineSettings())


def test_weights_of_another_network_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_into_store(ShowsMask(), "migan", tmp_path / "weights", monkeypatch)
    with pytest.raises(WeightsError, match="'migan' are for migan, not for lama"):
        Lama(EngineSettings(weights="migan"))


def test_the_hash_of_the_weights_is_kept_for_the_result(made) -> None:
    assert len(made(ShowsMask()).weights_sha256) == 64


@pytest.mark.gpu
def test_a_gpu_gives_what_the_cpu_gives(made) -> None:
    here, there = made(Blurs(), EngineSettings(device="cpu")), made(Blurs(), EngineSettings(device="cuda"))
    np.testing.assert_allclose(here.fill(crop(), 0).pixels, there.fill(crop(), 0).pixels, atol=1e-3)


@pytest.mark.parametrize("shape", [(60, 70), (60, 70, 1), (60, 70, 3), (60, 70, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_grey_alpha_16_bit_and_float_pictures_come_back_as_they_were(made, shape, dtype) -> None:
    made(ShowsMask())
    full = 1 if dtype == np.float32 else np.iinfo(dtype).max
    image = (np.random.default_rng(0).random(shape) * full).astype(dtype)
    if shape[-1] == 4:
        image[..., 3] = full
    hole = np.zeros(shape[:2], bool)
    hole[20:30, 20:40] = True
    filled = np.asarray(Inpainter("lama", device="cpu")(image, hole, texture="never").image)
    assert filled.shape == image.shape
    assert filled.dtype == dtype
    assert np.array_equal(filled[~hole], image[~hole])
    assert not np.array_equal(filled[hole], image[hole])
