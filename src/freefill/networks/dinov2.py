"""DINOv2's vision transformer in its small layout: a picture as tokens that say what each 14 x 14 square shows.

M. Oquab et al.: DINOv2: Learning Robust Visual Features without Supervision, 2023; the transformer is that of
A. Dosovitskiy et al., An Image is Worth 16x16 Words, 2021, with layer scale. 12 blocks, width 384, 6 heads.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PATCH_PX = 14  # ViT-S/14
# 37 squares of 14 px: its last training saw pictures of 518 px, and positions are interpolated from there.
WIDTH, DEPTH, HEADS, GRID = 384, 12, 6, 37


class TransformerBlock(nn.Module):
    """Attention and a perceptron, each after a norm, scaled per channel and added."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        # The authors' eps; PyTorch has 1e-5.
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.scale1, self.scale2 = nn.Parameter(torch.ones(width)), nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(B, n, width) to the same."""
        y = self.norm1(x)
        batch, count, width = y.shape
        split = (batch, count, self.heads, width // self.heads)
        query, key, value = (layer(y).view(split).transpose(1, 2) for layer in (self.query, self.key, self.value))
        seen = F.scaled_dot_product_attention(query, key, value)  # (b, heads, n, width / heads)
        x = x + self.scale1 * self.out(seen.transpose(1, 2).reshape(batch, count, width))
        return x + self.scale2 * self.fc2(F.gelu(self.fc1(self.norm2(x))))


class VisionTransformer(nn.Module):
    """Tokens of an image.

    Parameters
    ----------
    width, depth, heads, grid : of the network; grid is the side of the square of positions it was trained with
    """

    def __init__(self, width: int = WIDTH, depth: int = DEPTH, heads: int = HEADS, grid: int = GRID) -> None:
        super().__init__()
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.position_cls = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, grid * grid, width))
        self.patch = nn.Conv2d(3, width, PATCH_PX, stride=PATCH_PX)
        self.blocks = nn.ModuleList(TransformerBlock(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, image: Tensor, upto: int | None = None) -> Tensor:
        """Return the tokens of the squares, the class token left out.

        Parameters
        ----------
        image : (B, 3, H, W), RGB less ImageNet's mean over its deviation; H, W multiples of 14
        upto : how many blocks to run; None = all, and the last norm

        Returns
        -------
        (B, H / 14, W / 14, width)
        """
        x = self.patch(image)  # (b, width, h, w)
        height, width = x.shape[-2:]
        x = x.flatten(2).transpose(1, 2) + self._positions(height, width)
        x = torch.cat([(self.cls + self.position_cls).expand(len(x), -1, -1), x], dim=1)
        for block in self.blocks[:upto]:
            x = block(x)
        if upto is None:
            x = self.norm(x)
        return x[:, 1:].unflatten(1, (height, width))

    def _positions(self, height: int, width: int) -> Tensor:
        """Return the square of positions, brought to another size by bicubic interpolation."""
        grid = round(self.position.shape[1] ** 0.5)
        if (height, width) == (grid, grid):
            return self.position
        square = self.position.unflatten(1, (grid, grid)).permute(0, 3, 1, 2)
        sized = F.interpolate(square, (height, width), mode="bicubic", align_corners=False)
        return sized.flatten(2).transpose(1, 2)


def from_onnx_names(tensors: Mapping[str, Tensor], products: Mapping[str, str]) -> dict[str, Tensor]:
    """Return a state dict of `VisionTransformer` from the initialisers of an exported graph.

    Parameters
    ----------
    tensors : name to value of every initialiser
    products : name of a MatMul node to the name of the initialiser it multiplies by; exporters rename these matrices

    Raises
    ------
    KeyError
        If the graph is another network.
    """
    state = {
        "cls": tensors["backbone.embeddings.cls_token"],
        "patch.weight": tensors["backbone.embeddings.patch_embeddings.projection.weight"],
        "patch.bias": tensors["backbone.embeddings.patch_embeddings.projection.bias"],
        "norm.weight": tensors["backbone.layernorm.weight"],
        "norm.bias": tensors["backbone.layernorm.bias"],
    }
    # The exporter folded the position embedding's two slices into constants without a name of their own.
    loose = [value for name, value in tensors.items() if name.startswith("onnx::") and value.ndim == 3]
    state["position_cls"] = next(value for value in loose if value.shape[1] == 1)
    state["position"] = next(value for value in loose if value.shape[1] > 1)
    parts = {
        "query": "attention.attention.query",
        "key": "attention.attention.key",
        "value": "attention.attention.value",
        "out": "attention.output.dense",
        "fc1": "mlp.fc1",
        "fc2": "mlp.fc2",
    }
    depth = 1 + max(int(name.split(".")[3]) for name in tensors if name.startswith("backbone.encoder.layer."))
    for number in range(depth):
        theirs = f"backbone.encoder.layer.{number}."
        for ours, name in parts.items():
            node = f"/backbone/encoder/layer.{number}/{name.replace('.', '/')}/MatMul"
            state[f"blocks.{number}.{ours}.weight"] = tensors[products[node]].T.contiguous()
            state[f"blocks.{number}.{ours}.bias"] = tensors[f"{theirs}{name}.bias"]
        for norm in ("norm1", "norm2"):
            for part in ("weight", "bias"):
                state[f"blocks.{number}.{norm}.{part}"] = tensors[f"{theirs}{norm}.{part}"]
        for ours, name in (("scale1", "layer_scale1"), ("scale2", "layer_scale2")):
            state[f"blocks.{number}.{ours}"] = tensors[f"{theirs}{name}.lambda1"]
    return state
