"""DeepFillv2's weights: which of the two layouts a state dict has, a generator made of it, one layout as the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from freefill.errors import WeightsError
from freefill.networks.deepfill import Generator, table
from freefill.networks.gated_conv import WeightLayout

IDENTITY_KEY = "stage2.contextual_attention.fuse_weight"  # a constant of the "pt" files since July 2022: not needed
FIRST = {"pt": "stage1.conv1.conv", "tf": "conv1.conv"}  # tells the layouts apart


@dataclass(frozen=True)
class GeneratorOptions:
    """What a state dict says of its generator."""

    layout: WeightLayout
    width: int
    in_channels: int


def recognise(state: Mapping[str, Tensor]) -> GeneratorOptions | None:
    """Return the options of a generator's state dict, or None if it is none of ours.

    The layout is told by the name of the first layer, width and inputs by the shapes.
    """
    for layout in ("pt", "tf"):
        weight = state.get(FIRST[layout] + ".weight")
        second = state.get(
            ("stage1.down_block1.conv1_downsample" if layout == "pt" else "conv2_downsample") + ".conv.bias"
        )
        if weight is not None and second is not None and weight.ndim == 4 and second.ndim == 1:
            # Twice as many as the width: the biases of the gates are among them.
            return GeneratorOptions(layout, width=second.shape[0] // 2, in_channels=weight.shape[1])  # type: ignore[arg-type]
    return None


def keys(options: GeneratorOptions) -> dict[str, tuple[int, ...]]:
    """Return {key: shape} of a generator, without making it."""
    shapes: dict[str, tuple[int, ...]] = {}
    for row in table(options.width, options.in_channels).rows:
        name = row.pt if options.layout == "pt" else row.tf
        doubled = row.outputs if row.activation is None else 2 * row.outputs
        shapes[f"{name}.conv.weight"] = (doubled, row.inputs, row.kernel, row.kernel)
        shapes[f"{name}.conv.bias"] = (doubled,)
    return shapes


def from_state(state: Mapping[str, Tensor], fuse: bool | None = None) -> Generator:
    """Make the generator of a state dict, in evaluation mode.

    Raises
    ------
    WeightsError
        If the keys or shapes are not those of a DeepFillv2 generator.
    """
    options = recognise(state)
    if options is None:
        raise WeightsError("these weights are not a DeepFillv2 generator; see freefill weights list")
    wanted = keys(options)
    given = {key: value for key, value in state.items() if key != IDENTITY_KEY}
    wrong = [
        key for key in wanted.keys() | given.keys() if key not in given or tuple(given[key].shape) != wanted.get(key)
    ]
    if wrong:
        raise WeightsError(
            f"these weights look like DeepFillv2 ({options.layout}, width {options.width}), but {len(wrong)} of "
            f"{len(wanted)} keys do not fit, first '{min(wrong)}'; see freefill weights list"
        )
    with torch.device("meta"):  # no random numbers drawn, no memory written twice
        generator = Generator(options.layout, options.width, options.in_channels, fuse)
    # Files may hold 16 bits; what is computed in fewer than 32 is `HoleGenerator`'s choice.
    generator.load_state_dict({key: value.float() for key, value in given.items()}, assign=True)
    return generator.eval().requires_grad_(False)


def renamed(state: Mapping[str, Tensor], layout: WeightLayout) -> dict[str, Tensor]:
    """Return the same weights under the names of the other layout (the tensors are alike in both).

    Note that the layouts also pad differently: weights do best in the layout that they were trained in.
    """
    names = {(r.tf if layout == "pt" else r.pt): (r.pt if layout == "pt" else r.tf) for r in table().rows}
    out: dict[str, Tensor] = {}
    for key, value in state.items():
        if key != IDENTITY_KEY:
            stem, end = key.rsplit(".conv.", 1)
            out[f"{names.get(stem, stem)}.conv.{end}"] = value
    return out
