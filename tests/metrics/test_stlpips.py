"""The network is rebuilt here in plain SciPy, and its answers are held against those of the authors' own code."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from freefill.errors import InputError  # noqa: E402
from freefill.metrics.stlpips import MIN_SIDE_PX, StLpips, hole_box  # noqa: E402
from freefill.weights.opening.features import open_stlpips  # noqa: E402

WIDTHS = (3, 5, 7, 6, 4, 4)  # of the real network: 3, 64, 192, 384, 256, 256
KERNELS = (11, 5, 3, 3, 3)
NAMES = ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13")
BLURS = {"slice1.1": 5, "slice2.4": 5, "slice3.8": 7}  # name to channels


def tiny_state() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    state = {
        "scaling_layer.shift": rng.normal(0, 0.1, (1, 3, 1, 1)),
        "scaling_layer.scale": np.full((1, 3, 1, 1), 0.45),
    }
    for level, (name, side) in enumerate(zip(NAMES, KERNELS, strict=True)):
        before, after = WIDTHS[level], WIDTHS[level + 1]
        state[f"net.{name}.weight"] = rng.normal(0, 0.3, (after, before, side, side))
        state[f"net.{name}.bias"] = rng.normal(0, 0.1, after)
        state[f"lin{level}.model.1.weight"] = rng.random((1, after, 1, 1))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    for name, channels in BLURS.items():
        state[f"net.{name}.filt"] = np.repeat(kernel[None, None], channels, axis=0)
    return {name: value.astype(np.float32) for name, value in state.items()}


@pytest.fixture(scope="module")
def tiny() -> StLpips:
    return StLpips({name: torch.from_numpy(value) for name, value in tiny_state().items()})


def picture_pair(kind: str, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a smooth synthetic picture and a damaged copy; always the same ones."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    bands = 0.5 + 0.4 * np.sin(x / 5 + y / 9), 0.5 + 0.4 * np.cos(y / 4), (x + y) / (height + width)
    picture = np.stack(bands, axis=-1).astype(np.float32)
    if kind == "noise":
        return picture, np.clip(picture + rng.normal(0, 0.1, picture.shape), 0, 1).astype(np.float32)
    if kind == "shift":
        return picture, np.roll(picture, 1, axis=1)
    if kind == "flat":
        damaged = picture.copy()
        damaged[height // 4 : height // 2, width // 4 : width // 2] = 0.5
        return picture, damaged
    return picture, rng.random(picture.shape).astype(np.float32)


def by_hand(a: np.ndarray, b: np.ndarray) -> float:
    """Return the distance by loops over channels, with SciPy's filters instead of torch's."""
    from scipy.ndimage import maximum_filter
    from scipy.signal import correlate2d

    state = {name: value.astype(np.float64) for name, value in tiny_state().items()}

    def blur(x):
        x = np.pad(x, ((0, 0), (2, 2), (2, 2)), mode="reflect")
        return np.stack([correlate2d(band, np.outer([1, 2, 1], [1, 2, 1]) / 16, "valid")[::2, ::2] for band in x])

    def convolve(x, name, padding):
        weight, bias = state[f"net.{name}.weight"], state[f"net.{name}.bias"]
        x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
        return np.stack(
            [
                sum(correlate2d(band, k, "valid") for band, k in zip(x, kernels, strict=True)) + offset
                for kernels, offset in zip(weight, bias, strict=True)
            ]
        )

    def pool(x):
        return np.stack([maximum_filter(band, 3)[1:-1, 1:-1] for band in x])

    def features(image):
        x = image.astype(np.float64).transpose(2, 0, 1) * 2 - 1
        x = (x - state["scaling_layer.shift"][0]) / state["scaling_layer.scale"][0]
        first = np.maximum(blur(convolve(x, NAMES[0], 2)), 0)
        second = np.maximum(convolve(blur(pool(first)), NAMES[1], 2), 0)
        third = np.maximum(convolve(blur(pool(second)), NAMES[2], 1), 0)
        fourth = np.maximum(convolve(third, NAMES[3], 1), 0)
        fifth = np.maximum(convolve(fourth, NAMES[4], 1), 0)
        return [x / (np.sqrt((x**2).sum(0)) + 1e-10) for x in (first, second, third, fourth, fifth)]

    return sum(
        (state[f"lin{level}.model.1.weight"][0] * (of_a - of_b) ** 2).sum(0).mean()
        for level, (of_a, of_b) in enumerate(zip(features(a), features(b), strict=True))
    )


@pytest.mark.parametrize(("kind", "height", "width"), [("noise", 40, 52), ("flat", 33, 47), ("unrelated", 21, 21)])
def test_the_distance_is_that_of_a_network_written_in_scipy(tiny, kind, height, width):
    a, b = picture_pair(kind, height, width)
    assert tiny(a, b) == pytest.approx(by_hand(a, b), rel=1e-4)


def test_equal_images_have_no_distance(tiny):
    a, _ = picture_pair("noise", 32, 32)
    assert tiny(a, a) == 0.0


def test_the_order_of_the_images_does_not_matter(tiny):
    a, b = picture_pair("noise", 32, 40)
    assert tiny(a, b) == tiny(b, a)


def test_the_distance_in_a_hole_is_that_of_its_box_over_the_holes_share(tiny):
    a, b = picture_pair("noise", 120, 160)
    hole = np.zeros((120, 160), bool)
    hole[50:60, 70:90] = True
    hole[55:60, 70:80] = False
    composite = np.where(hole[..., None], b, a)
    inside = slice(50 - 32, 60 + 32), slice(70 - 32, 90 + 32)
    share = (200 - 50) / (74 * 84)
    assert tiny.in_hole(a, composite, hole) == pytest.approx(tiny(a[inside], composite[inside]) / share)


def test_the_box_ends_at_the_pictures_edge():
    hole = np.zeros((50, 200), bool)
    hole[0, 199] = True
    box = hole_box(hole)
    assert (box.top, box.left, box.bottom, box.right) == (0, 167, 33, 200)


def test_a_small_margin_is_kept_where_the_box_is_large_enough_for_the_network():
    hole = np.zeros((200, 200), bool)
    hole[50:80, 60:100] = True
    box = hole_box(hole, 4)
    assert (box.top, box.left, box.bottom, box.right) == (46, 56, 84, 104)
    corner = np.zeros((50, 200), bool)
    corner[0, 199] = True
    box = hole_box(corner, 4)
    assert (box.height, box.width) == (MIN_SIDE_PX, MIN_SIDE_PX)


def test_an_image_below_the_least_side_is_refused_in_words(tiny):
    small = np.zeros((MIN_SIDE_PX - 1, 64, 3), np.float32)
    with pytest.raises(InputError, match="too small"):
        tiny(small, small)


def test_kept_features_give_the_same_distance(tiny):
    a, b = picture_pair("noise", 32, 40)
    assert tiny.between(tiny.features(a), tiny.features(b)) == tiny(a, b)


def test_images_of_two_sizes_are_refused(tiny):
    with pytest.raises(InputError, match="both be"):
        tiny(np.zeros((32, 32, 3), np.float32), np.zeros((32, 33, 3), np.float32))


def test_an_empty_hole_is_refused(tiny):
    image = np.zeros((32, 32, 3), np.float32)
    with pytest.raises(InputError, match="empty"):
        tiny.in_hole(image, image, np.zeros((32, 32), bool))


# What the authors' own code (stlpips-pytorch 0.0.2, net="alex", variant="shift_tolerant") answers for these pairs. The
# pictures for which they print 0.7777554988861084 are in no package, so these stand in their place.
AUTHORS = (
    ("noise", 64, 64, 0.2863115072250366),
    ("shift", 64, 96, 0.0043518440797924995),
    ("flat", 97, 131, 0.05271824821829796),
    ("unrelated", 64, 64, 0.9426461458206177),
    ("noise", 21, 25, 0.31179702281951904),
)


@pytest.mark.weights
@pytest.mark.parametrize(("kind", "height", "width", "distance"), AUTHORS)
def test_the_distance_with_the_published_weights_is_the_authors_own(kind, height, width, distance):
    a, b = picture_pair(kind, height, width)
    assert StLpips(open_stlpips())(a, b) == pytest.approx(distance, rel=2e-6)
