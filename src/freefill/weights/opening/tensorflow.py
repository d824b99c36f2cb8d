"""Weights of the authors' TensorFlow code, saved as a NumPy archive, as a state dict of the layout "tf".

The authors' variables are named `inpaint_net/<layer>/kernel` and `/bias` (upsampling layers are nested once more), and
their kernels are (k, k, in, out). A checkpoint of TensorFlow itself needs TensorFlow to be read; docs/weights.md has
the lines that turn one into an .npz.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from freefill.errors import WeightsError
from freefill.weights.opening.sniff import DAMAGE

if TYPE_CHECKING:
    from torch import Tensor

SCOPE = "inpaint_net/"


def read_npz(path: Path) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Return the tensors of an archive and notes on what was left out; names outside `inpaint_net` are.

    Raises
    ------
    WeightsError
        If it is damaged, holds objects instead of numbers, or none of the generator's variables.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise WeightsError(f"{path}: opening it needs torch; run: pip install 'freefill[torch]'") from error
    state: dict[str, Tensor] = {}
    others = 0
    try:
        # Without pickle: objects in an archive would run code.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            for name in archive.files:
                key = state_key(name)
                if key is None:
                    others += 1
                    continue
                array = np.asarray(archive[name], np.float32)
                if array.ndim == 4:
                    array = array.transpose(3, 2, 0, 1)  # (k, k, in, out) to (out, in, k, k)
                state[key] = torch.from_numpy(np.ascontiguousarray(array))
    except DAMAGE as error:
        raise WeightsError(f"{path}: is damaged, or holds more than numbers ({str(error)[:80]})") from error
    if not state:
        raise WeightsError(f"{path}: holds no variable of the generator ({SCOPE}<layer>/kernel); see docs/weights.md")
    notes = (f"{others} variables outside {SCOPE.rstrip('/')} left out",) if others else ()
    return state, notes


def state_key(variable: str) -> str | None:
    """Return the "tf" key of a TensorFlow variable, or None if it is none of the generator's.

    Examples
    --------
    >>> state_key("inpaint_net/conv7_atrous/kernel:0")
    'conv7_atrous.conv.weight'
    >>> state_key("inpaint_net/conv13_upsample/conv13_upsample_conv/bias")
    'conv13_upsample.conv.conv.bias'
    >>> state_key("discriminator/conv1/kernel") is None
    True
    """
    parts = variable.removesuffix(":0").removeprefix(SCOPE).split("/")
    if not variable.startswith(SCOPE) or parts[-1] not in ("kernel", "bias"):
        return None
    end = "weight" if parts[-1] == "kernel" else "bias"
    layers = parts[:-1]
    if len(layers) == 2 and layers[1] == f"{layers[0]}_conv":
        return f"{layers[0]}.conv.conv.{end}"
    return f"{layers[0]}.conv.{end}" if len(layers) == 1 else None
