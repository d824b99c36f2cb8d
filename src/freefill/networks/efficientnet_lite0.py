"""EfficientNet-Lite0: 1,280 features of an image, learned on ImageNet.

M. Tan, Q. V. Le: EfficientNet, ICML 2019, in Google's Lite form: ReLU6, no squeeze-and-excitation. Names of the state
dict are those of `efficientnet_lite_pytorch`.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from torch.nn import functional as F

SIDE_PX = 224
WIDTH = 1280
BLOCKS = 16
_HALVING = (1, 3, 5, 11)  # blocks with a stride of 2
_EPS = 1e-3  # of the batch norms, as in TensorFlow


def features(state: Mapping[str, Tensor], image: Tensor) -> Tensor:
    """Return the pooled features of images.

    Parameters
    ----------
    state : the network's tensors
    image : (B, 3, 224, 224), RGB in [0, 1]

    Returns
    -------
    (B, 1280), each at least 0
    """
    x = (image * 255 - 127) / 128
    x = F.relu6(_norm(state, "_bn0", _conv(x, state["_conv_stem.weight"], 2)))
    for number in range(BLOCKS):
        x = _block(state, f"_blocks.{number}.", x, 2 if number in _HALVING else 1)
    x = F.relu6(_norm(state, "_bn1", _conv(x, state["_conv_head.weight"], 1)))
    return x.mean(dim=(2, 3))


def logits(state: Mapping[str, Tensor], image: Tensor) -> Tensor:
    """Return (B, 1000): how the network itself classifies, to check that it is the one it should be."""
    return F.linear(features(state, image), state["_fc.weight"], state["_fc.bias"])


def names() -> set[str]:
    """Return the tensors that `features` reads."""
    norms = ["_bn0", "_bn1", *(f"_blocks.{n}._bn{k}" for n in range(BLOCKS) for k in (0, 1, 2) if n or k)]
    convs = ["_conv_stem", "_conv_head"]
    convs += [f"_blocks.{n}._{kind}_conv" for n in range(BLOCKS) for kind in ("expand", "depthwise", "project")
              if n or kind != "expand"]  # fmt: skip
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{norm}.{part}" for norm in norms for part in parts} | {f"{conv}.weight" for conv in convs}


def _block(state: Mapping[str, Tensor], name: str, x: Tensor, stride: int) -> Tensor:
    """Widen, look around in each channel, narrow; added to what came in where the shape allows."""
    y = x
    if f"{name}_expand_conv.weight" in state:
        y = F.relu6(_norm(state, f"{name}_bn0", F.conv2d(y, state[f"{name}_expand_conv.weight"])))
    y = F.relu6(_norm(state, f"{name}_bn1", _conv(y, state[f"{name}_depthwise_conv.weight"], stride, y.shape[1])))
    y = _norm(state, f"{name}_bn2", F.conv2d(y, state[f"{name}_project_conv.weight"]))
    return x + y if y.shape == x.shape else y


def _norm(state: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    return F.batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"], eps=_EPS)


def _conv(x: Tensor, weight: Tensor, stride: int, groups: int = 1) -> Tensor:
    """Convolve with TensorFlow's SAME padding: an odd rest goes to the bottom and the right."""
    pads = []
    for side in (x.shape[3], x.shape[2]):
        short = max((-(-side // stride) - 1) * stride + weight.shape[-1] - side, 0)
        pads += [short // 2, short - short // 2]
    return F.conv2d(F.pad(x, pads), weight, stride=stride, groups=groups)


def from_image(image: Tensor) -> Tensor:
    """Return (B, 3, 224, 224) of (B, 3, H, W): the whole picture, squeezed to the square, antialiased bilinear."""
    return F.interpolate(image, (SIDE_PX, SIDE_PX), mode="bilinear", align_corners=False, antialias=True).clamp(0, 1)
