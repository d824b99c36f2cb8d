"""The photographs of the demo, each with a job that people have. Masks were drawn by looking at the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from freefill.demo.shapes import (
    coverage_of_stroke,
    coverage_of_text,
    disc,
    painted,
    polygon,
    smooth,
    stroke,
    widened,
)
from freefill.images.read import read_picture
from freefill.values import Hole, Mask, Picture

MadeScene = tuple[NDArray[np.uint8], Hole]  # pixels (as they came, or damaged), hole


@dataclass(frozen=True)
class Scene:
    """One job.

    Attributes
    ----------
    name : of the files that are written
    photo : file in photos/
    title : what was done, for the page
    make : from the photograph's pixels (H, W, 1 or 3) to the picture to mend and its hole
    not_from : from the picture's size to where nothing may be copied from, or None
    """

    name: str
    photo: str
    title: str
    make: Callable[[NDArray[np.uint8]], MadeScene]
    not_from: Callable[[tuple[int, int]], Hole] | None = None


def load(scene: Scene) -> tuple[Picture, Mask]:
    """Return the picture to mend and its mask."""
    with resources.as_file(resources.files("freefill.demo") / "photos" / scene.photo) as path:
        photo = read_picture(path)
    pixels, hole = scene.make(photo.pixels)
    return replace(photo, pixels=pixels, source=scene.photo), Mask(hole, source=f"{scene.name}.mask.png")


def _portrait(pixels: NDArray[np.uint8]) -> MadeScene:
    model = [(404, -1), (396, 14), (392, 34), (386, 36), (379, 52), (376, 80), (375, 110), (373, 178), (362, 192),
             (353, 204), (350, 222), (352, 233), (370, 236), (362, 262), (361, 290), (380, 297), (424, 294), (474, 288),
             (480, 280), (479, 267), (464, 264), (461, 250), (460, 200), (460, 60), (454, 40), (446, 33), (440, 34),
             (436, 16), (428, -1)]  # fmt: skip
    return pixels, polygon(pixels.shape[:2], model)


def _person(size: tuple[int, int]) -> Hole:
    """The woman and her helmet: no piece of her belongs into the background."""
    outline = [(10, 512), (14, 270), (60, 210), (108, 190), (140, 130), (146, 60), (180, 14), (250, 8), (300, 40),
               (306, 100), (280, 150), (312, 220), (350, 250), (366, 290), (366, 346), (420, 336), (480, 370),
               (512, 450), (512, 512)]  # fmt: skip
    return polygon(size, outline)


def _date(pixels: NDArray[np.uint8]) -> MadeScene:
    """A date as cameras burnt it into the corner: its glow is wider than its digits."""
    size = pixels.shape[:2]
    coverage = coverage_of_text(size, "'98  7 14", (430, 372), 0.9, 2)
    return painted(pixels, coverage, (255, 132, 20), 0.9), widened(coverage > 0, 2)


def _mast(pixels: NDArray[np.uint8]) -> MadeScene:
    mast = [(195, 118), (207, 118), (207, 186), (210, 194), (210, 340), (222, 372), (226, 398), (220, 419), (192, 420),
            (186, 427), (156, 427), (162, 396), (165, 370), (175, 300), (183, 230), (187, 188), (193, 186)]  # fmt: skip
    return pixels, polygon(pixels.shape[:2], mast)


def _tower(pixels: NDArray[np.uint8]) -> MadeScene:
    tower = [(409, 196), (409, 131), (411, 122), (418, 120), (421, 104), (426, 104), (428, 115), (435, 119), (436, 131),
             (435, 186), (425, 186), (418, 190), (413, 197)]  # fmt: skip
    return pixels, polygon(pixels.shape[:2], tower)


def _photographer(pixels: NDArray[np.uint8]) -> MadeScene:
    """The man, his camera and its tripod."""
    outline = [(-1, 256), (14, 244), (20, 226), (44, 182), (72, 146), (84, 136), (128, 118), (146, 106), (158, 104),
               (158, 88), (166, 76), (184, 66), (204, 60), (224, 66), (248, 82), (262, 96), (274, 112), (274, 130),
               (254, 136), (324, 136), (328, 152), (322, 164), (336, 176), (336, 190), (326, 200), (324, 222),
               (310, 234), (312, 252), (304, 254), (308, 278), (300, 292), (302, 310), (326, 298), (340, 298),
               (342, 306), (314, 322), (330, 352), (350, 388), (392, 474), (404, 484), (404, 492), (414, 516),
               (392, 516), (380, 492), (300, 488), (258, 490), (244, 516), (222, 516), (226, 500), (222, 490),
               (228, 478), (274, 340), (276, 316), (288, 310), (286, 290), (244, 314), (208, 298), (200, 310),
               (146, 380), (152, 420), (154, 516), (-1, 516)]  # fmt: skip
    return pixels, widened(polygon(pixels.shape[:2], outline), 5)


def _strip_at_left(size: tuple[int, int]) -> Hole:
    """The few columns of a building beside the man: repeated, they would be no building."""
    return polygon(size, [(-1, 170), (60, 170), (60, 270), (-1, 270)])


def _old_photo(pixels: NDArray[np.uint8]) -> MadeScene:
    """Scratches, a crease and dust, as an old print has them."""
    scratches = [
        ([(62, 0), (66, 120), (61, 260), (68, 400), (66, 512)], 2),
        ([(70, 0), (73, 150), (70, 330)], 1),
        ([(238, 0), (244, 90), (241, 200), (247, 340), (243, 512)], 2),
        ([(396, 0), (399, 160), (394, 300), (402, 512)], 1),
        ([(512, 60), (430, 92), (340, 104), (262, 128), (186, 140)], 2),
        ([(120, 512), (190, 420), (300, 352), (420, 318), (512, 300)], 1),
        ([(330, 400), (352, 414), (380, 408), (392, 424)], 3),
        ([(0, 372), (52, 366), (110, 374)], 2),
    ]
    crease = [(0, 214), (90, 206), (200, 211), (330, 202), (430, 209), (512, 203)]
    # Dust lies where it lies: a fixed seed, not another picture each time.
    rng = np.random.default_rng(1912)
    specks = [(rng.uniform(0, 512), rng.uniform(0, 512), rng.choice([1, 1, 1, 1, 2, 2, 3])) for _ in range(110)]
    size = pixels.shape[:2]
    coverage = np.zeros(size, np.float32)
    for points, width in scratches:
        coverage = np.maximum(coverage, coverage_of_stroke(size, smooth(points), width))
    coverage = np.maximum(coverage, coverage_of_stroke(size, smooth(crease), 4))
    for x, y, radius in specks:
        coverage = np.maximum(coverage, coverage_of_stroke(size, [(x, y), (x + radius, y + radius / 2)], int(radius)))
    return painted(pixels, coverage, 236, 0.95), widened(coverage > 0, 1)


def _writing(pixels: NDArray[np.uint8]) -> MadeScene:
    size = pixels.shape[:2]
    coverage = np.zeros(size, np.float32)
    places = (24, 84), (46, 198), (68, 264)
    for place, text in zip(
        places, ("PROOF - NOT FOR PRINT", "(C) CHELSEA STUDIO", "PROOF - NOT FOR PRINT"), strict=True
    ):
        coverage = np.maximum(coverage, coverage_of_text(size, text, place, 1.0, 2))
    return painted(pixels, coverage, (255, 255, 255), 0.8), widened(coverage > 0, 1)


def _cable(pixels: NDArray[np.uint8]) -> MadeScene:
    size = pixels.shape[:2]
    lying = smooth([(0, 96), (90, 150), (170, 96), (250, 60), (300, 130), (240, 210), (130, 300), (60, 420), (96, 512)])
    coverage = coverage_of_stroke(size, lying, 12)
    return painted(pixels, coverage, 22, 0.97), widened(coverage > 0, 2)


def _corner(pixels: NDArray[np.uint8]) -> MadeScene:
    torn = [(520, 236), (497, 262), (486, 258), (462, 292), (440, 300), (431, 330), (402, 340), (388, 372), (356, 380),
            (346, 408), (318, 420), (300, 452), (281, 458), (270, 490), (250, 520), (520, 520)]  # fmt: skip
    hole = polygon(pixels.shape[:2], torn)
    return painted(pixels, hole.astype(np.float32), 250, 1.0), widened(hole, 1)


def _lawn(pixels: NDArray[np.uint8]) -> MadeScene:
    things = [
        [(277, 352), (286, 338), (300, 332), (318, 340), (334, 350), (334, 368), (318, 382), (284, 382)],
        [(276, 380), (296, 378), (316, 404), (312, 422), (290, 426), (272, 404)],
        [(248, 330), (268, 322), (300, 324), (304, 344), (282, 358), (254, 352)],
        [(346, 344), (352, 326), (384, 320), (398, 338), (400, 356), (384, 372), (362, 376), (352, 356)],
        [(272, 96), (290, 84), (312, 92), (320, 116), (292, 140), (274, 136)],
        [(316, 118), (352, 102), (368, 112), (366, 134), (346, 144), (316, 136)],
        [(294, 132), (318, 132), (336, 152), (330, 166), (306, 160)],
        [(180, 156), (196, 146), (208, 164), (206, 188), (184, 186)],
        [(162, 206), (186, 190), (206, 198), (202, 222), (166, 224)],
    ]
    size = pixels.shape[:2]
    hole = np.zeros(size, bool)
    for points in things:
        hole |= polygon(size, points)
    return pixels, hole


def _deep_field(pixels: NDArray[np.uint8]) -> MadeScene:
    size = pixels.shape[:2]
    x, y = 753, 577
    spikes = [((x - 34, y + 2), (x + 34, y - 4)), ((x - 3, y - 36), (x + 4, y + 36)),
              ((x - 38, y - 37), (x + 38, y + 39)), ((x + 40, y - 35), (x - 38, y + 37))]  # fmt: skip
    hole = disc(size, (x, y), 25) | disc(size, (727, 473), 36)
    for spike in spikes:
        hole |= stroke(size, spike, 9)
    return pixels, hole


SCENES: tuple[Scene, ...] = (
    Scene("portrait", "astronaut.jpg", "A model taken out of a portrait's background", _portrait, _person),
    Scene("photographer", "camera.png", "A man and his camera taken off a lawn", _photographer, _strip_at_left),
    Scene("date", "coffee.jpg", "The date that a camera burnt in", _date),
    Scene("old-photo", "camera.png", "Scratches, a crease and dust on an old print", _old_photo),
    Scene("writing", "chelsea.jpg", "Writing over a photograph", _writing),
    Scene("mast", "rocket.jpg", "A mast and its lamp taken out of the sky", _mast),
    Scene("cable", "gravel.png", "A cable that lies on gravel", _cable),
    Scene("corner", "gravel.png", "A torn corner", _corner),
    Scene("lawn", "grass.png", "Leaves and flowers taken off a lawn", _lawn),
    Scene("tower", "camera.png", "A tower taken off the horizon", _tower),
    Scene("deep-field", "hubble_deep_field.jpg", "A near star and a galaxy taken out of a deep field", _deep_field),
)
