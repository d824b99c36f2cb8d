"""Networks behind metrics, opened and ready to run: EfficientNet-Lite0, DINOv2 ViT-S/14, ST-LPIPS, LPIPS, Inception."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from freefill.errors import WeightsError
from freefill.weights.locate import locate
from freefill.weights.opening.load import load_state

STLPIPS_NAMES = (
    {"scaling_layer.shift", "scaling_layer.scale"}
    | {f"lin{level}.model.1.weight" for level in range(5)}
    | {f"net.slice{layer}.{part}" for layer in ("1.0", "2.5", "3.9", "4.11", "5.13") for part in ("weight", "bias")}
    | {f"net.slice{blur}.filt" for blur in ("1.1", "2.4", "3.8")}
)

# Places of the convolutions within torchvision's `features`; behind some of them LPIPS looks.
_LPIPS_TRUNKS = {
    "alex": ("alexnet", (0, 3, 6, 8, 10)),
    "vgg": ("vgg16", (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)),
}

if TYPE_CHECKING:
    from torch import Tensor

    from freefill.networks.dinov2 import VisionTransformer
    from freefill.networks.efficientnet_lite0 import EfficientNetLite0
    from freefill.networks.inception import Inception


def open_dinov2(name_or_path: str = "dinov2-focus", device: str = "cpu") -> VisionTransformer:
    """Return DINOv2 ViT-S/14 with the weights that lie in the graph of card `dinov2-focus`.

    Raises
    ------
    WeightsError
        If the file is not on this machine, is another network, or the extra `detect` (package onnx) is missing.
    """
    from freefill.networks.dinov2 import VisionTransformer, from_onnx_names

    path = locate(name_or_path)
    tensors, products = _onnx_tensors(path)
    try:
        state = from_onnx_names(tensors, products)
        network = VisionTransformer()
        network.load_state_dict(state)
    except (KeyError, StopIteration, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path}: not DINOv2 ViT-S/14 as card 'dinov2-focus' says ({error})") from None
    return network.eval().requires_grad_(False).to(device)


def _onnx_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return a graph's initialisers, and which of them each MatMul node multiplies by."""
    import torch

    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        raise WeightsError(f"{path.name}: opening it needs an extra; run: pip install 'freefill[detect]'") from None
    from google.protobuf.message import DecodeError

    try:
        graph = onnx.load(str(path)).graph
    except (DecodeError, OSError, ValueError) as error:
        raise WeightsError(f"{path}: not an ONNX file ({type(error).__name__}); fetch it again") from None
    # The copy may be written to.
    tensors = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in graph.initializer}
    products = {
        node.name: next(name for name in node.input if name in tensors)
        for node in graph.node
        if node.op_type == "MatMul" and any(name in tensors for name in node.input)
    }
    return tensors, products


def open_efficientnet(name_or_path: str = "efficientnet-lite0", device: str = "cpu") -> EfficientNetLite0:
    """Return EfficientNet-Lite0, frozen.

    Raises
    ------
    WeightsError
        If the file is not on this machine, or holds another network.
    """
    from freefill.networks.efficientnet_lite0 import EfficientNetLite0, names

    return EfficientNetLite0(_named(name_or_path, names(), "EfficientNet-Lite0", device)).eval()


def open_stlpips(name_or_path: str = "stlpips-alex", device: str = "cpu") -> dict[str, Tensor]:
    """Return the tensors of ST-LPIPS in its AlexNet layout, for `metrics.stlpips.StLpips`.

    Raises
    ------
    WeightsError
        If the file is not on this machine, or holds another network.
    """
    return _named(name_or_path, STLPIPS_NAMES, "ST-LPIPS in its AlexNet layout", device)


def open_lpips(trunk: Literal["alex", "vgg"], device: str = "cpu") -> dict[str, Tensor]:
    """Return the tensors of LPIPS over one of its trunks, heads and trunk together, for `metrics.lpips.Lpips`.

    Raises
    ------
    WeightsError
        If the heads or the trunk are not on this machine, or are of another network.
    """
    name, layers = _LPIPS_TRUNKS[trunk]
    heads = _named(f"lpips-{trunk}", {f"lin{level}.model.1.weight" for level in range(5)}, f"LPIPS's {trunk}", device)
    wanted = {f"features.{layer}.{part}" for layer in layers for part in ("weight", "bias")}
    return heads | _named(name, wanted, name, device)


def open_inception(name_or_path: str = "inception-fid", device: str = "cpu") -> Inception:
    """Return Inception v3 in the form that FID is defined by, frozen.

    Raises
    ------
    WeightsError
        If the file is not on this machine, or holds another network.
    """
    from freefill.networks.inception import Inception, names

    return Inception(_named(name_or_path, names(), "Inception v3 as FID has it", device)).eval()


def _named(name_or_path: str, wanted: set[str], network: str, device: str) -> dict[str, Tensor]:
    """Return those tensors of a file that a network reads."""
    import torch

    path = locate(name_or_path)
    state = load_state(path)
    lacking = sorted(wanted - set(state))
    if lacking:
        raise WeightsError(f"{path}: not {network}: '{lacking[0]}' is missing")
    return {name: state[name].to(device, torch.float32) for name in wanted}  # files may hold half precision
