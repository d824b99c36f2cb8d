"""What the nodes of a TensorFlow.js graph say of themselves."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any


def ints(found: Mapping[str, Any], key: str) -> list[int]:
    """Return a list of whole numbers."""
    return [int(value) for value in found["attr"].get(key, {}).get("list", {}).get("i", [])]


def texts(found: Mapping[str, Any], key: str) -> list[str]:
    """Return a list of words."""
    words = found["attr"].get(key, {}).get("list", {}).get("s", [])
    return [base64.b64decode(word).decode() for word in words]


def padding(found: Mapping[str, Any]) -> dict[str, Any]:
    """TensorFlow's SAME puts the odd row or column after the image, as ONNX's SAME_UPPER does."""
    kind = base64.b64decode(found["attr"]["padding"]["s"]).decode()
    return {"auto_pad": {"SAME": "SAME_UPPER", "VALID": "VALID"}[kind]}
