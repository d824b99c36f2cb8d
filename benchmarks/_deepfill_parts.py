"""Seconds and multiply-adds of each part of one fill, by watching the calls that do the work."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor

from freefill.networks import gate_compiled, hole_generator
from freefill.networks.hole_generator import HoleGenerator


def timed_parts(fill: HoleGenerator, image: Tensor, mask: Tensor) -> tuple[dict[str, float], float]:
    """Fill once and return the seconds of each part, and the multiply-adds of all convolutions and products."""
    seconds: dict[str, float] = defaultdict(float)
    macs = 0.0
    inside = False

    def watched(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            nonlocal macs, inside
            outer = inside
            inside = outer or part == "attention"
            start = time.perf_counter()
            answer = function(*args, **named)
            if not outer:  # what runs inside the attention counts as attention
                seconds[part] += time.perf_counter() - start
            inside = outer
            if part == "convolutions":
                macs += answer.numel() * args[1][0].numel()
            return answer

        return call

    def product(left: Tensor, right: Tensor) -> Tensor:
        nonlocal macs
        macs += left.numel() * right.shape[-1]
        return torch.matmul(left, right)

    with (
        mock.patch.object(F, "conv2d", watched("convolutions", F.conv2d)),
        mock.patch.object(gate_compiled, "gate", watched("gates", gate_compiled.gate)),
        mock.patch.object(hole_generator, "attend", watched("attention", hole_generator.attend)),
        mock.patch.object(Tensor, "__matmul__", product),
    ):
        start = time.perf_counter()
        fill.fill(image, mask)
        total = time.perf_counter() - start
    return {**seconds, "rest": total - sum(seconds.values())}, macs
