"""Every noun of the project, as small frozen values: the rooms import them from here.

Arrays are (H, W, C), boxes (top, left, height, width), points (row, col), all in pixels. A mask is True where the
picture is to be filled. Whoever receives a value does not check it again: the checks are in `__post_init__`.

picture   Picture and Mask, with what a file carries beside its pixels      arrays    what the others are made of
box       a rectangle of pixels                                             plan      all decisions about a picture
crop      what an engine gets (Crop, Guide, Pointing) and gives (Fill)      engine    what an engine is and needs
options   how one fill is made                                              outcome   what came of it
"""

from freefill.values.arrays import DTYPES, Hole, Image, Pixels, Tokens
from freefill.values.box import Box
from freefill.values.crop import Crop, Fill, Guide, Pointing
from freefill.values.engine import EngineSettings, EngineSpec, SizeRule
from freefill.values.options import PEOPLE_WORDS, Length, Options
from freefill.values.outcome import Outcome
from freefill.values.picture import Carry, Extras, Mask, Picture
from freefill.values.plan import Plan, Structure, Window

__all__ = [
    "DTYPES",
    "PEOPLE_WORDS",
    "Box",
    "Carry",
    "Crop",
    "EngineSettings",
    "EngineSpec",
    "Extras",
    "Fill",
    "Guide",
    "Hole",
    "Image",
    "Length",
    "Mask",
    "Options",
    "Outcome",
    "Picture",
    "Pixels",
    "Plan",
    "Pointing",
    "SizeRule",
    "Structure",
    "Tokens",
    "Window",
]
