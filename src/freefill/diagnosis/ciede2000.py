"""The CIEDE2000 colour difference."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def difference(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the CIEDE2000 difference of two arrays of CIE Lab colours; 1 is about what one just sees.

    Parameters
    ----------
    a, b : (..., 3), L in 0 to 100

    References
    ----------
    G. Sharma, W. Wu, E. N. Dalal: The CIEDE2000 color-difference formula, Color Research and Application 30, 2005,
    equations 2 to 22; kL = kC = kH = 1.

    Examples
    --------
    >>> pair = np.array([[50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485]])
    >>> round(float(difference(pair[0], pair[1])), 4)
    2.0425
    """
    (l1, a1, b1), (l2, a2, b2) = (np.moveaxis(np.asarray(x, np.float64), -1, 0) for x in (a, b))
    mean_chroma7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - np.sqrt(mean_chroma7 / (mean_chroma7 + 25.0**7)))  # equation 4
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1) % (2 * np.pi), np.arctan2(b2, a2) % (2 * np.pi)  # equation 7
    grey = c1 * c2 == 0  # a grey has no hue
    turn = np.where(grey, 0, (h2 - h1 + np.pi) % (2 * np.pi) - np.pi)  # equation 10: the shorter way round
    d_light, d_chroma, d_hue = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(turn / 2)  # equations 8, 9 and 11
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    # Equation 14; a full turn less, as it has for some, is the same angle.
    hue = np.where(grey, h1 + h2, np.where(np.abs(h1 - h2) <= np.pi, (h1 + h2) / 2, (h1 + h2 + 2 * np.pi) / 2))
    # Equation 15.
    t = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    degrees = np.degrees(hue) % 360
    grows = 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))  # equation 17
    turned = -np.sin(np.radians(60) * np.exp(-(((degrees - 275) / 25) ** 2))) * grows  # equations 16 and 21
    s_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)  # equation 18
    s_chroma, s_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t  # equations 19 and 20
    parts = d_light / s_light, d_chroma / s_chroma, d_hue / s_hue
    return np.sqrt(parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2 + turned * parts[1] * parts[2])  # equation 22
