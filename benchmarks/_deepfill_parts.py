"""Seconds and multiply-adds of each part of one fill, by watching the calls that do the work."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from copy import copy
from typing import Any
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor

from freefill.networks.on_processor import gate_compiled, hole_generator
from freefill.networks.on_processor.hole_generator import HoleGenerator
from freefill.networks.on_processor.workers import Workers


def timed_parts(fill: HoleGenerator, image: Tensor, mask: Tensor) -> tuple[dict[str, float], float]:
    """Fill once and return the seconds of each part, and the multiply-adds of all convolutions and products.

    One thread does everything, whatever `fill` has: where two overlap there are no parts.
    """
    alone = copy(fill)
    alone.workers = Workers(1)
    seconds: dict[str, float] = defaultdict(float)
    macs = 0.0
    inside = False

    def watched(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            nonlocal macs, inside
            outer = inside
            inside = outer or part == "attention"
            start = time.process_time()
            answer = function(*args, **named)
            if not outer:  # what runs inside the attention counts as attention
                seconds[part] += time.process_time() - start
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
        start = time.process_time()
        alone.fill(image, mask)
        total = time.process_time() - start
    return {**seconds, "rest": total - sum(seconds.values())}, macs
