"""The pictures and holes that benchmarks share: fixed lists, so that two runs compare.

Nothing of `../shared` is part of the repository; a benchmark stops with one line where it is absent.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

# Drawn once with a seed; the four bins of hole share take turns, so the first 12 hold three of each.
PH24 = (
    ("bsds500/103006.jpg", "00-10/object_000000216386_1.png"),
    ("coco_other/000000180239.jpg", "10-20/thickstrokes_min3_max7_024885.png"),
    ("kodak/kodim08.webp", "20-30/thickstrokes_min3_max7_000933.png"),
    ("bsds500/207038.jpg", "30-40/thickstrokes_min3_max7_013971.png"),
    ("bsds500/16068.jpg", "00-10/object_000000513810_1.png"),
    ("bsds500/33044.jpg", "10-20/strokes_0077810.png"),
    ("coco_other/000000030213.jpg", "20-30/object_000000532635_0.png"),
    ("urban100/img_017.webp", "30-40/thickstrokes_min3_max7_021923.png"),
    ("coco_other/000000269314.jpg", "00-10/strokes_0057673.png"),
    ("kodak/kodim23.webp", "10-20/object_000000399488_2.png"),
    ("coco_other/000000000071.jpg", "20-30/thickstrokes_min3_max7_009814.png"),
    ("kodak/kodim03.webp", "30-40/mixed_000000272877_0_0066135.png"),
    # the first 12 are for tuning (ph12), the next 12 for judging
    ("kodak/kodim19.webp", "00-10/object_000000215405_0.png"),
    ("bsds500/36046.jpg", "10-20/strokes_0083642.png"),
    ("coco_other/000000000471.jpg", "20-30/strokes_0023236.png"),
    ("urban100/img_065.webp", "30-40/strokes_0000245.png"),
    ("bsds500/117025.jpg", "00-10/object_000000345531_0.png"),
    ("bsds500/8068.jpg", "10-20/object_000000034632_1.png"),
    ("coco_other/000000000030.jpg", "20-30/thickstrokes_min3_max7_013629.png"),
    ("urban100/img_067.webp", "30-40/thickstrokes_min3_max7_024969.png"),
    ("coco_other/000000000450.jpg", "00-10/strokes_0049793.png"),
    ("urban100/img_087.webp", "10-20/thickstrokes_min3_max7_013885.png"),
    ("bsds500/118072.jpg", "20-30/strokes_0013504.png"),
    ("bsds500/102062.jpg", "30-40/strokes_0038807.png"),
)
LARGE12 = (
    ("bsds500/51084.jpg", "40-50/mixed_000000451420_0_0025003.png"),
    ("bsds500/196027.jpg", "50-60/mixed_000000098038_3_0071600.png"),
    ("bsds500/176051.jpg", "40-50/strokes_0032817.png"),
    ("bsds500/5096.jpg", "50-60/mixed_000000576939_0_min3_max7_026490.png"),
    ("urban100/img_053.webp", "40-50/strokes_0014159.png"),
    ("coco_other/000000000629.jpg", "50-60/mixed_000000269632_2_0082878.png"),
    ("bsds500/207049.jpg", "40-50/thickstrokes_min3_max7_029943.png"),
    ("bsds500/45000.jpg", "50-60/mixed_000000299413_1_0030071.png"),
    ("coco_other/000000425988.jpg", "40-50/mixed_000000123473_0_min3_max7_028692.png"),
    ("coco_other/000000196610.jpg", "50-60/mixed_000000165142_1_0082721.png"),
    ("bsds500/29030.jpg", "40-50/thickstrokes_min3_max7_024455.png"),
    ("coco_other/000000000599.jpg", "50-60/mixed_000000400422_0_0057869.png"),
)
# Never looked at while tuning: other photographs, other holes.
UNSEEN24 = (
    ("bsds500/48017.jpg", "00-10/object_000000568117_2.png"),
    ("bsds500/69007.jpg", "10-20/mixed_000000177193_1_0099009.png"),
    ("bsds500/78098.jpg", "20-30/mixed_000000109482_2_0058271.png"),
    ("coco_other/000000000073.jpg", "30-40/object_000000568572_2.png"),
    ("bsds500/101027.jpg", "00-10/strokes_0093379.png"),
    ("bsds500/118031.jpg", "10-20/mixed_000000385406_1_0058439.png"),
    ("bsds500/235098.jpg", "20-30/mixed_000000464447_0_0056273.png"),
    ("coco_other/000000000127.jpg", "30-40/strokes_0079795.png"),
    ("coco_other/000000000508.jpg", "00-10/strokes_0083960.png"),
    ("bsds500/28083.jpg", "10-20/object_000000182728_0.png"),
    ("coco_other/000000055299.jpg", "20-30/strokes_0031457.png"),
    ("bsds500/334025.jpg", "30-40/object_000000215070_0.png"),
    ("bsds500/87015.jpg", "00-10/strokes_0045789.png"),
    ("bsds500/223060.jpg", "10-20/strokes_0098618.png"),
    ("bsds500/134049.jpg", "20-30/object_000000551086_0.png"),
    ("coco_other/000000058636.jpg", "30-40/mixed_000000221042_0_0041403.png"),
    ("bsds500/17067.jpg", "00-10/object_000000568117_2.png"),
    ("coco_other/000000000540.jpg", "10-20/mixed_000000177193_1_0099009.png"),
    ("bsds500/384022.jpg", "20-30/mixed_000000109482_2_0058271.png"),
    ("bsds500/140088.jpg", "30-40/object_000000568572_2.png"),
    ("bsds500/209021.jpg", "00-10/strokes_0093379.png"),
    ("bsds500/346016.jpg", "10-20/mixed_000000385406_1_0058439.png"),
    ("bsds500/97010.jpg", "20-30/mixed_000000464447_0_0056273.png"),
    ("bsds500/145079.jpg", "30-40/strokes_0079795.png"),
)
SETS = {"ph12": PH24[:12], "ph24": PH24, "large": LARGE12, "unseen": UNSEEN24}

OFFICIAL = tuple(f"deepfillv2_official/case{number}" for number in range(1, 7))
OBJECTS = tuple(f"migan_places2_512_object/{case}" for case in ("3", "5", "14", "15", "18", "20"))
FREEFORM_512 = tuple(f"migan_places2_512_freeform/Places365_val_{case}" for case in ("00008015", "00028028"))
FREEFORM_256 = tuple(
    f"migan_places2_256_freeform/Places365_val_{case}"
    for case in ("00000285", "00000332", "00000352", "00010702", "00014605", "00020807", "00025169", "00032775")
)
FREEFORM = FREEFORM_256 + FREEFORM_512


@dataclass(frozen=True, eq=False)
class Case:
    """One picture with a hole.

    Attributes
    ----------
    name : for tables and file names, without a slash
    truth : (H, W, 3) float32, RGB in [0, 1]; the raw picture where no truth exists (object removal)
    hole : (H, W) bool, True = hole
    published : (H, W, 3) float32, what the authors' own network made of it, or None
    bin : "00-10" to "50-60" where the hole is of masks_irregular, else ""
    """

    name: str
    truth: np.ndarray
    hole: np.ndarray
    published: np.ndarray | None = None
    bin: str = ""


def read_rgb(path: Path, long_side_px: int | None = None) -> np.ndarray:
    """Return (H, W, 3) float32 in [0, 1], rounded to 8 bits; reduced by area where the long side is longer."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        sys.exit(f"{path}: not there; this benchmark needs the data set in ../shared")
    return from_8_bits(_reduced(bgr, long_side_px)[..., ::-1])


def read_hole(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """Return (H, W) bool, scaled by nearest neighbour to `size` = (height, width)."""
    grey = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        sys.exit(f"{path}: not there; this benchmark needs the data set in ../shared")
    if size is not None and grey.shape != size:
        grey = cv2.resize(grey, (size[1], size[0]), interpolation=cv2.INTER_NEAREST)
    return grey >= 128


def from_8_bits(pixels: np.ndarray) -> np.ndarray:
    """Return float32 in [0, 1]."""
    return np.ascontiguousarray(pixels).astype(np.float32) / 255


def to_8_bits(image: np.ndarray) -> np.ndarray:
    """Return uint8, rounded as a file would."""
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def photo_case(photo: str, mask: str, long_side_px: int = 512) -> Case:
    """Read a photograph of photos_eval and a hole of masks_irregular."""
    truth = read_rgb(DATA / "photos_eval" / photo, long_side_px)
    hole = read_hole(DATA / "masks_irregular" / mask, (truth.shape[0], truth.shape[1]))
    return Case(f"{Path(photo).stem}+{mask[:5]}_{Path(mask).stem[-7:]}", truth, hole, bin=mask[:5])


def photo_cases(name: str) -> list[Case]:
    """Read one of the fixed lists: "ph12", "ph24", "large" (holes of 40 to 60 %), "unseen"."""
    return [photo_case(photo, mask) for photo, mask in SETS[name]]


def published_case(path: str) -> Case:
    """Read a case folder of `published`, with the first output that is there (PNG or WebP: lossless)."""
    folder = DATA / "published" / path
    raw = next(iter(sorted(folder.glob("raw.*"))), folder / "raw.webp")
    truth = read_rgb(raw)
    hole = read_hole(folder / "mask.png", (truth.shape[0], truth.shape[1]))
    outputs = sorted(p for p in folder.glob("output_*") if p.suffix in (".webp", ".png"))
    published = read_rgb(outputs[0]) if outputs else None
    if published is not None and published.shape != truth.shape:
        published = None
    return Case(
        path.replace("deepfillv2_", "").replace("migan_places2_", "migan").replace("/", "_"), truth, hole, published
    )


def ellipse(size: tuple[int, int], share: float, aspect: float = 1.4) -> np.ndarray:
    """Return (H, W) bool, one ellipse near the middle that covers `share` of the picture."""
    height, width = size
    area = share * height * width
    half_height = np.sqrt(area / np.pi / aspect)
    hole = np.zeros(size, np.uint8)
    centre = int(width * 0.52), int(height * 0.55)
    cv2.ellipse(hole, centre, (round(half_height * aspect), round(half_height)), 12, 0, 360, 1, -1)
    return hole.astype(bool)


def scratches(size: tuple[int, int], width_px: int, seed: int, share: float = 0.03) -> np.ndarray:
    """Return (H, W) bool: bent strokes of one width that run over the picture until they cover `share` of it."""
    rng = np.random.default_rng(seed)
    hole = np.zeros(size, np.uint8)
    while hole.mean() < share:
        point, angle = rng.random(2) * size, rng.random() * 2 * np.pi
        points = [point]
        for _ in range(8):
            angle += rng.normal(0, 0.35)
            point = point + 0.06 * max(size) * np.array([np.sin(angle), np.cos(angle)])
            points.append(point)
        bent = np.rint(np.array(points)[:, ::-1]).astype(np.int32)
        cv2.polylines(hole, [bent[:, None]], False, 1, width_px)
    return hole.astype(bool)


def dust(size: tuple[int, int], radius_px: int, seed: int, share: float = 0.01) -> np.ndarray:
    """Return (H, W) bool: discs of one radius, strewn until they cover `share` of the picture."""
    rng = np.random.default_rng(seed)
    hole = np.zeros(size, np.uint8)
    while hole.mean() < share:
        row, col = rng.random(2) * size
        cv2.circle(hole, (int(col), int(row)), radius_px, 1, -1)
    return hole.astype(bool)


def lettering(size: tuple[int, int], width_px: int) -> np.ndarray:
    """Return (H, W) bool: two lines of text written over the picture in strokes of one width."""
    hole = np.zeros(size, np.uint8)
    scale = 0.2 * width_px + 0.6
    for row, text in ((0.4, "freefill 2026"), (0.75, "please remove")):
        place = round(size[1] * 0.04), round(size[0] * row)
        cv2.putText(hole, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, 1, width_px)
    return hole.astype(bool)


def thickness_px(hole: np.ndarray) -> float:
    """Return the radius of the largest disc that fits into the hole, px."""
    return float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE).max())


def _reduced(pixels: np.ndarray, long_side_px: int | None) -> np.ndarray:
    height, width = pixels.shape[:2]
    if long_side_px is None or max(height, width) <= long_side_px:
        return pixels
    ratio = long_side_px / max(height, width)
    return cv2.resize(pixels, (round(width * ratio), round(height * ratio)), interpolation=cv2.INTER_AREA)
