"""A joined line parts smooth ground: the light of one side does not run into the other."""

import numpy as np

from freefill.synthesis import solve
from freefill.synthesis.compiled import Crew
from freefill.synthesis.membrane import stretch


def test_the_light_of_smooth_ground_does_not_cross_a_joined_line():
    # A faint horizon whose two sides differ by 5 %, and a hole that shows only sky on its right.
    image = np.full((120, 200, 3), 0.7, np.float32)
    image[60:] = 0.65
    image[40:80, 150:] = 0.7
    hole = np.zeros((120, 200), bool)
    hole[40:80, 60:150] = True
    known, holes = (~hole).astype(np.uint8), np.argwhere(hole).astype(np.int32)
    copied = holes.copy()
    copied[:, 1] = 5 + (holes[:, 1] - 60) % 50
    lines = np.zeros((60, 100), np.float32)
    lines[29:31, 30:75] = 0.8

    def step(lines):
        membrane = stretch(image, known, holes, copied, lines)
        with Crew(1) as crew:
            parts = membrane.smooth, membrane.blurred, membrane.lift
            colours = solve.paste(image, known, holes, copied, crew, membrane=parts)
        filled = image.copy()
        filled[holes[:, 0], holes[:, 1]] = colours
        return float(filled[50:57, 80:100].mean() - filled[64:70, 80:100].mean())

    assert step(lines) > 0.04
    assert step(None) < 0.03  # else the picture shows nothing
