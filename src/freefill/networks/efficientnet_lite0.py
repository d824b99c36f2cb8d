"""EfficientNet-Lite0, frozen: features of an image, learned on ImageNet, for measures and for training.

M. Tan, Q. V. Le: EfficientNet, ICML 2019, in Google's Lite form: ReLU6, no squeeze-and-excitation. Names of the state
dict are those of `efficientnet_lite_pytorch`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn
from torch.nn import functional as F

SIDE_PX = 224  # the size it was trained at
WIDTH = 1280  # channels of its last features
BLOCKS = 16
ENDS = (2, 4, 10, 15)  # last block of each scale: strides 4, 8, 16, 32
CHANNELS = (24, 40, 112, 320)  # of those blocks
_HALVING = (1, 3, 5, 11)  # blocks with a stride of 2
_EPS = 1e-3  # of the batch norms, as in TensorFlow


def names() -> set[str]:
    """Return the tensors that the network reads."""
    parts = ("weight", "bias", "running_mean", "running_var")
    convs = {f"{conv}.weight" for conv, _ in _layers()}
    return convs | {f"{norm}.{part}" for _, norm in _layers() for part in parts}


def _layers() -> Iterator[tuple[str, str]]:
    """Yield every convolution with its batch norm; the first block does not widen."""
    yield "_conv_stem", "_bn0"
    for number in range(BLOCKS):
        name = f"_blocks.{number}."
        if number > 0:
            yield f"{name}_expand_conv", f"{name}_bn0"
        yield f"{name}_depthwise_conv", f"{name}_bn1"
        yield f"{name}_project_conv", f"{name}_bn2"
    yield "_conv_head", "_bn1"


class EfficientNetLite0(nn.Module):
    """The network without its classifier; batch norms are folded into the convolutions, and nothing of it is trained.

    Parameters
    ----------
    state : the published tensors, see `names`
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        for conv, norm in _layers():
            gain = state[f"{norm}.weight"] / (state[f"{norm}.running_var"] + _EPS).sqrt()
            bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * gain
            # Not persistent: a snapshot need not hold what everybody can fetch.
            weight = state[f"{conv}.weight"] * gain[:, None, None, None]
            self.register_buffer(_plain(conv) + "_w", weight, persistent=False)
            self.register_buffer(_plain(conv) + "_b", bias, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Return the pooled features, (B, 1280), each at least 0, of (B, 3, 224, 224), RGB in [0, 1]."""
        return F.relu6(self._conv("_conv_head", self.scales(image * 2 - 1)[-1])).mean(dim=(2, 3))

    def scales(self, image_pm1: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return features at strides 4, 8, 16 and 32, of CHANNELS channels, of (B, 3, H, W) in [-1, 1]."""
        x = image_pm1 * (127.5 / 128) + 0.5 / 128  # the network's own (v - 127) / 128 for v in 0 to 255
        x = F.relu6(self._conv("_conv_stem", x, 2))
        found = []
        for number in range(BLOCKS):
            x = self._block(number, x)
            if number in ENDS:
                found.append(x)
        return found[0], found[1], found[2], found[3]

    def _block(self, number: int, x: Tensor) -> Tensor:
        """Widen, look around in each channel, narrow; added to what came in where the shape allows."""
        name = f"_blocks.{number}."
        y = F.relu6(self._conv(f"{name}_expand_conv", x)) if number > 0 else x
        y = F.relu6(self._conv(f"{name}_depthwise_conv", y, 2 if number in _HALVING else 1, y.shape[1]))
        y = self._conv(f"{name}_project_conv", y)
        return x + y if y.shape == x.shape else y

    def _conv(self, name: str, x: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        """Convolve with TensorFlow's SAME padding: an odd rest goes to the bottom and the right."""
        weight, bias = self.get_buffer(_plain(name) + "_w"), self.get_buffer(_plain(name) + "_b")
        pads = []
        for side in (x.shape[3], x.shape[2]):
            short = max((-(-side // stride) - 1) * stride + weight.shape[-1] - side, 0)
            pads += [short // 2, short - short // 2]
        return F.conv2d(F.pad(x, pads), weight, bias, stride, groups=groups)


def _plain(name: str) -> str:
    """A buffer's name must not hold a dot."""
    return name.replace(".", "_")


def from_image(image: Tensor) -> Tensor:
    """Return (B, 3, 224, 224) of (B, 3, H, W): the whole picture, squeezed to the square, antialiased bilinear."""
    return F.interpolate(image, (SIDE_PX, SIDE_PX), mode="bilinear", align_corners=False, antialias=True).clamp(0, 1)
