"""The list of weights: literal tables, a card for each file that freefill knows how to use.

Sizes and hashes were taken from the files themselves where they could be had, else from what the publisher states;
where neither exists the card says NOT_PUBLISHED. A row without a hash (or those words) or without a licence fails a
test. Nothing in this table is fetched unless the user asks for it. This file holds the engines' weights; those of mask
models, metrics and guides are in mask_models.py, large_mask_models.py, features.py and measuring.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from freefill.errors import WeightsError, did_you_mean
from freefill.weights.cards.card import NOT_PUBLISHED, Card, DriveFile, Url
from freefill.weights.cards.features import FEATURE_MODELS
from freefill.weights.cards.large_mask_models import LARGE_MASK_MODELS
from freefill.weights.cards.mask_models import MASK_MODELS
from freefill.weights.cards.measuring import MEASURING_MODELS

_DEEPFILL_ORIGIN = "Yu et al., Free-Form Image Inpainting with Gated Convolution, ICCV 2019"
_DEEPFILL_LICENCE = "CC BY-NC 4.0 (the authors' release, from which these weights derive)"
_DEEPFILL_FORBIDS = "commercial use; the authors add: educational and academic research only"
_PORT_FORBIDS = _DEEPFILL_FORBIDS + "; the port that trained them further grants no licence of its own"

ENGINE_WEIGHTS: tuple[Card, ...] = (
    Card(
        name="places2",
        what_for="engine deepfillv2: scenes, the default",
        network="deepfillv2",
        file="places2.pth",
        published_as="states_pt_places2.pth",
        sources=(DriveFile("1L63oBNVgz7xSb_3hGbUdkYW1IuRgMkCa"),),
        about_mb=16.2,
        sha256=NOT_PUBLISHED,
        licence=_DEEPFILL_LICENCE,
        forbids=_PORT_FORBIDS,
        origin=f"{_DEEPFILL_ORIGIN}; converted and trained further by nipponjo/deepfillv2-pytorch",
        trained_on="Places2",
        layout="pt",
    ),
    Card(
        name="celebahq",
        what_for="engine deepfillv2: faces",
        network="deepfillv2",
        file="celebahq.pth",
        published_as="states_pt_celebahq.pth",
        sources=(DriveFile("17oJ1dJ9O3hkl2pnl8l2PtNVf2WhSDtB7"),),
        about_mb=16.2,
        sha256=NOT_PUBLISHED,
        licence=_DEEPFILL_LICENCE,
        forbids=_PORT_FORBIDS,
        origin=f"{_DEEPFILL_ORIGIN}; converted and trained further by nipponjo/deepfillv2-pytorch",
        trained_on="CelebA-HQ",
        layout="pt",
    ),
    Card(
        name="places2-tf",
        what_for="engine deepfillv2: scenes, the authors' own weights",
        network="deepfillv2",
        file="places2-tf.pth",
        published_as="states_tf_places2.pth",
        sources=(DriveFile("1tvdQRmkphJK7FYveNAKSMWC6K09hJoyt"),),
        about_mb=16.2,
        sha256=NOT_PUBLISHED,
        licence=_DEEPFILL_LICENCE,
        forbids=_DEEPFILL_FORBIDS,
        origin=f"{_DEEPFILL_ORIGIN}; converted by nipponjo/deepfillv2-pytorch",
        trained_on="Places2",
        layout="tf",
    ),
    Card(
        name="celebahq-tf",
        what_for="engine deepfillv2: faces, the authors' own weights",
        network="deepfillv2",
        file="celebahq-tf.pth",
        published_as="states_tf_celebahq.pth",
        sources=(DriveFile("1fTQVSKWwWcKYnmeemxKWImhVtFQpESmm"),),
        about_mb=16.2,
        sha256=NOT_PUBLISHED,
        licence=_DEEPFILL_LICENCE,
        forbids=_DEEPFILL_FORBIDS,
        origin=f"{_DEEPFILL_ORIGIN}; converted by nipponjo/deepfillv2-pytorch",
        trained_on="CelebA-HQ",
        layout="tf",
    ),
    Card(
        name="lama",
        what_for="engine lama: large holes in scenes",
        network="lama",
        file="lama.pt",
        sources=(
            Url("https://github.com/Sanster/models/releases/download/add_big_lama/big-lama.pt"),
            Url("https://github.com/enesmsahin/simple-lama-inpainting/releases/download/v0.1.0/big-lama.pt"),
        ),
        about_mb=200,
        sha256=NOT_PUBLISHED,
        md5="e3aa4aaa15225a33ec84f9f4bc47e500",
        licence="not stated for the weights (advimman/lama issues 365, 366, 368); the code is Apache-2.0",
        forbids="no use is granted in writing: ask the authors before you rely on it",
        origin="Suvorov et al., Resolution-robust Large Mask Inpainting with Fourier Convolutions, WACV 2022",
        trained_on="Places2",
        layout="TorchScript: image (B, 3, H, W) in [0, 1], mask (B, 1, H, W) with 1 = hole",
    ),
    Card(
        name="migan",
        what_for="engine migan: fast, 512 px",
        network="migan",
        file="migan.pt",
        sources=(Url("https://github.com/Sanster/models/releases/download/migan/migan_traced.pt"),),
        about_mb=28,
        sha256=NOT_PUBLISHED,
        md5="76eb3b1a71c400ee3290524f7a11b89c",
        licence="MIT (the repository's licence; none is stated for the weights apart)",
        forbids="nothing",
        origin="Sargsyan et al., MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices, ICCV 2023",
        trained_on="Places2",
        layout="TorchScript: (B, 4, 512, 512), mask - 0.5 (known = +0.5) and picture in [-1, 1] with the hole at 0",
    ),
)

CARDS: tuple[Card, ...] = ENGINE_WEIGHTS + MASK_MODELS + LARGE_MASK_MODELS + FEATURE_MODELS + MEASURING_MODELS

# One word for all that a job needs: `freefill weights fetch people` gets what `mask people` and `mask refine` ask for.
JOBS: dict[str, tuple[str, ...]] = {
    "people": ("nanodet", "pose", "selfie", "movenet", "u2netp"),
    "salient": ("u2netp",),
    "measures": ("efficientnet-lite0", "dinov2-focus", "stlpips-alex"),
}


def asked_for(words: Iterable[str]) -> list[Card]:
    """Return the cards that words name: each is the name of a card, or of a job, for all cards that it needs.

    Raises
    ------
    WeightsError
        If a word names nothing; the message names the nearest.
    """
    named = (name for word in words for name in JOBS.get(word, (word,)))
    return [find(name) for name in dict.fromkeys(named)]


def names() -> list[str]:
    """Return every name, in the order of the table."""
    return [card.name for card in CARDS]


def find(name: str) -> Card:
    """Return the card of that name.

    Raises
    ------
    WeightsError
        If there is none; the message names the nearest.
    """
    for card in CARDS:
        if card.name == name:
            return card
    raise WeightsError(
        f"weights '{name}' are not known;{did_you_mean(name, [*names(), *JOBS])} all: freefill weights list"
    )
