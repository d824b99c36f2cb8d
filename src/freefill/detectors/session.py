"""Networks of detectors, run by ONNX Runtime: opened once, used often, from several threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from freefill.errors import WeightsError
from freefill.weights.folder import folder
from freefill.weights.tfjs.converted import locate_onnx

_OPEN: dict[tuple[str, int], Model] = {}
_NAMED: dict[str, Path] = {}  # where a name was found last, in the user's folder
_LOCK = threading.Lock()


class Model:
    """A network of ONNX Runtime, on the processor.

    Attributes
    ----------
    inputs, outputs : name to shape; a side that is open is None
    """

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise WeightsError(f"{path.name}: running it needs an extra; run: pip install 'freefill[detect]'") from None
        import cv2

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # warnings about a file's style are of no use to a user
        options.intra_op_num_threads = cv2.getNumThreads()  # workers of a batch share the cores by that number
        options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except _failures() as error:
            reason = str(error).strip().splitlines()[0]
            raise WeightsError(f"{path}: not an ONNX model that can be run ({reason})") from None
        self.path = path
        self.inputs = {each.name: _shape(each.shape) for each in self._session.get_inputs()}
        self.outputs = {each.name: _shape(each.shape) for each in self._session.get_outputs()}

    def run(self, feeds: Mapping[str, NDArray[Any]], wanted: Sequence[str] | None = None) -> list[NDArray[Any]]:
        """Return the outputs named, or all in the file's order.

        Raises
        ------
        WeightsError
            If the network refuses what it is given: then it is another network than its card says.
        """
        try:
            return [np.asarray(each) for each in self._session.run(wanted, dict(feeds))]
        except _failures() as error:
            reason = str(error).strip().splitlines()[0]
            raise WeightsError(f"{self.path}: the network does not run as its card says ({reason})") from None


def open_model(name_or_path: str) -> Model:
    """Return the network of that name in the weights' store, or of a file.

    Raises
    ------
    WeightsError
        If it is not on this machine (the message names the command that gets it), or cannot be run.
    """
    known = _known(name_or_path)
    if known is not None:
        return known
    path = locate_onnx(name_or_path)
    key = (str(path), path.stat().st_mtime_ns)  # fetched again under the same name, it is opened again
    with _LOCK:
        if path.parent == folder():  # of one that comes with the package, the user may get her own later
            _NAMED[name_or_path] = path
        if key not in _OPEN:
            _OPEN[key] = Model(path)
        return _OPEN[key]


def _known(name: str) -> Model | None:
    """Return the open network of a name whose file is what it was: to read its records anew takes a millisecond."""
    with _LOCK:
        path = _NAMED.get(name)
        if path is None or path.parent != folder():
            return None
        try:
            return _OPEN.get((str(path), path.stat().st_mtime_ns))
        except OSError:  # removed: the slow way says so
            return None


def _failures() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises: a dozen classes, by kind of damage, whose only common base is Exception."""
    import importlib

    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")

    own = [each for each in vars(state).values() if isinstance(each, type) and issubclass(each, Exception)]
    return (RuntimeError, ValueError, *own)


def _shape(sides: Sequence[Any]) -> tuple[int | None, ...]:
    return tuple(side if isinstance(side, int) else None for side in sides)
