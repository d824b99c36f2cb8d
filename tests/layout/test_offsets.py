"""The shifts at which a picture is like itself."""

import numpy as np

from freefill.layout.offsets import candidates
from freefill.layout.sight import see


def test_the_commonest_shift_is_that_between_two_copies_of_a_noise():
    rng = np.random.default_rng(0)
    image = np.tile(rng.random((70, 60, 3), np.float32), (1, 2, 1))
    hole = np.zeros((70, 120), bool)
    hole[30:40, 20:30] = True
    shifts = candidates(see(image, hole, ~hole, 120), [])
    assert {tuple(shift) for shift in shifts[:2].tolist()} == {(0, 60), (0, -60)}


def test_what_is_near_is_no_likeness():
    # The stripes are alike every few pixels, but nearer than a fifteenth of the longer side none counts.
    rows, cols = np.indices((96, 120))
    image = np.repeat(((rows + 2 * cols) % 7 / 7.0)[..., None], 3, 2).astype(np.float32)
    hole = np.zeros((96, 120), bool)
    hole[40:60, 50:70] = True
    shifts = candidates(see(image, hole, ~hole, 120), [])
    assert len(shifts)
    assert (np.hypot(*shifts[:10].T) >= 120 / 15 - 1.5).all()
    assert ((shifts[:3] @ (1, 2)) % 7 == 0).all()
