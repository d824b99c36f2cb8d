"""Every constant of patch synthesis in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """The defaults are the measured ones; see docs/results/texture.md.

    Pairs are (coarsest level, finest level), with straight lines between. A *light* level is one whose longer side
    exceeds `detail_px`: it carries colour only, and refines what the levels below found.
    """

    least_side_px: int = 8
    detail_px: int = 800
    rounds: tuple[int, int] = (10, 4)
    passes: tuple[int, int] = (4, 2)
    radius_px: int = 64
    light_rounds: int = 2
    light_passes: int = 1
    light_radius_px: int = 8
    still: float = 0.2  # mean change in grey levels below which a level is done
    exhaustive: float = 6e7  # most comparisons of an exhaustive start
    match_base: float = 1.3  # a pixel's weight in comparisons falls by this per pixel from the rim
    match_floor: float = 0.15
    vote_base: float = 1.6  # the same for a patch's vote, by its centre
    vote_floor: float = 0.05
    quantile: float = 0.75  # as Y. Wexler et al. take it (Space-time completion of video, PAMI 2007)
    # 600, 200 and 2 %: what was tried beside them is in docs/decisions/0010.
    row_pull: float = 600.0  # grey levels over the longer side
    col_pull: float = 200.0
    pull_reach: float = 0.02  # depth in the hole at which these are a half, share of the longer side
    open_reach: float = 0.4  # the same where the picture is carried on over its edge
    layered_pull: float = 600.0  # along the normal of layers that the rim is sure of
    # Costs from 15 to 150 were tried: docs/decisions/0014.
    worn_cost: float = 15.0  # of a source, for each target that copies it beside the first; squared grey levels
    worn_most: float = 8.0  # targets that count
    # The weight, and what of a guide is left alone: docs/decisions/0011.
    guide_weight: float = 8.0  # of its squared differences, at its own resolution
    guide_fade: float = 1.0  # per finer level; the guide is low-passed, so it never holds back detail
    guide_rim_base: float = 1.5  # it fades in by this per pixel from the rim
    guide_known: float = 1.0  # its weight where a target's pixel is known
    guide_life: tuple[float, float] = (0.5, 0.8)  # share of the ring's gradients in the guide: below, it knows nothing
    layout_weight: float = 8.0  # of a layout's squared differences where it is sure, on levels down to its own
    layout_fade: float = 1.0  # per finer level
    expected_weight: float = 0.1  # of what a network expects, at the size of its cells and on coarser levels
    expected_fade: float = 0.5  # per finer level
    expected_least: float = 0.01  # below this it is left out
    expected_doubt: float = 0.025  # disagreement at which it counts by 1/e; of values in [0, 1], squared
    screening: float = 0.02
    # With 1 fills have 0.85 of the truth's gradients, with this 0.94: docs/decisions/0012.
    boost: float = 1.13  # texture wanted, over what the sources have: means are smoother than what they are of
    threads: int | None = None
