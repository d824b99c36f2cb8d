"""Open weights: tensors only. Nothing that could run code is ever loaded.

A checkpoint goes through PyTorch's restricted reader or safetensors. TorchScript is a program, so it opens only when
its SHA-256 is the one that its card, or the record of its first fetch, says.
"""

from __future__ import annotations

import json
import pickle
import pickletools
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from freefill.errors import WeightsError
from freefill.weights.folder import sha256_of_file
from freefill.weights.opening import sniff
from freefill.weights.opening.sniff import DAMAGE
from freefill.weights.opening.tensorflow import read_npz

if TYPE_CHECKING:
    import torch
    from torch import Tensor

# Under which key checkpoints keep the generator, or the only network: the first that is there is used.
_STATE_KEYS = ("G", "generator", "g_ema", "params_ema", "params", "state_dict", "model")


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a file.

    Attributes
    ----------
    state : name to tensor, on the CPU
    notes : what was left out of the file, for the user
    """

    state: dict[str, Tensor]
    notes: tuple[str, ...] = ()


def load_state(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint; of a GAN snapshot, the generator's.

    Raises
    ------
    WeightsError
        If the file is no checkpoint, is damaged, or asks to run code.
    """
    return read_checkpoint(path).state


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the tensors of a .pth, .safetensors or .npz file, and what was left out.

    Raises
    ------
    WeightsError
        As `load_state`.
    """
    path = Path(path)
    try:
        kind = sniff.kind(path)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    if kind in ("torch", "pickle"):
        return _network_of(_read_torch(path), path)
    if kind == "safetensors":
        return _network_of(_read_safetensors(path), path)
    if kind == "npz":
        return Checkpoint(*read_npz(path))
    raise WeightsError(f"{path}: {_why_not(kind, path)}")


def read_about(path: Path) -> Mapping[str, Any]:
    """Return what a file of weights says of its own training (`freefill weights import RUN` writes it): recipe, steps,
    side_px of the views and more; empty for files that say nothing."""
    try:
        from safetensors import SafetensorError, safe_open
    except ModuleNotFoundError:
        return {}
    try:
        with safe_open(path, "pt") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
    except (SafetensorError, ValueError):  # another kind of checkpoint, or notes of another tool
        return {}
    return about if isinstance(about, Mapping) else {}


def load_torchscript(path: Path, sha256: str) -> torch.jit.ScriptModule:
    """Open a TorchScript file for evaluation, if it is the very file that is meant.

    Parameters
    ----------
    path : the file
    sha256 : 64 hex digits that its card or record says

    Raises
    ------
    WeightsError
        If its hash is another one (it is not opened), or it cannot be read.
    """
    import torch

    try:
        found = sha256_of_file(path)
        if found != sha256:
            raise WeightsError(
                f"{path}: TorchScript is a program, and its SHA-256 is {found}, not {sha256}; it was not opened"
            )
        with warnings.catch_warnings():
            # The format is deprecated, but it is what these networks are published in.
            warnings.filterwarnings("ignore", r"`torch\.jit\.load", DeprecationWarning)
            module = torch.jit.load(str(path), map_location="cpu")  # a path: an open file is read five times slower
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    except (RuntimeError, ValueError) as error:
        raise WeightsError(f"{path}: is not a TorchScript file ({str(error).splitlines()[0][:100]})") from error
    return module.eval()


def _read_torch(path: Path) -> Any:
    """Read with PyTorch's restricted reader."""
    try:
        import torch
    except ModuleNotFoundError as error:
        raise WeightsError(f"{path}: opening it needs torch; run: pip install 'freefill[torch]'") from error
    try:
        # A handle of ours: given a path, PyTorch goes by its ending, and leaves the file open when it fails.
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        wanted = _first_foreign_name(path)
        if wanted is not None:
            raise WeightsError(
                f"{path}: asks for {wanted} when it is opened, which could run any code; refused: weights hold tensors "
                "only (torch.save(network.state_dict(), FILE))"
            ) from error
        raise WeightsError(f"{path}: is a pickle, but not a PyTorch checkpoint") from error
    except DAMAGE as error:
        raise WeightsError(f"{path}: {_cut_or_damaged(path)}; get it again") from error


def _read_safetensors(path: Path) -> Any:
    try:
        import safetensors
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise WeightsError(f"{path}: opening it needs {error.name}; run: pip install 'freefill[torch]'") from error
    try:
        return load_file(path, device="cpu")
    except (safetensors.SafetensorError, *DAMAGE) as error:
        raise WeightsError(f"{path}: {_cut_or_damaged(path)}; get it again") from error


def _network_of(content: Any, path: Path) -> Checkpoint:
    """Find the network's tensors in what a checkpoint holds."""
    if not isinstance(content, Mapping):
        raise WeightsError(f"{path}: holds a {type(content).__name__}, not names with tensors")
    notes: tuple[str, ...] = ()
    for key in _STATE_KEYS:
        inner = content.get(key)
        if isinstance(inner, Mapping) and _tensors(inner):
            others = [str(other) for other in content if other != key]
            if others:
                notes = (f"only '{key}' is used; left out: {', '.join(others)[:200]}",)
            content = inner
            break
    state = _tensors(content)
    if not state:
        raise WeightsError(f"{path}: holds no tensors")
    _check_plain(state, path)
    if all(name.startswith("module.") for name in state):  # saved from a network spread over several devices
        state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    return Checkpoint(state, notes)


def _tensors(content: Mapping[Any, Any]) -> dict[str, Tensor]:
    import torch

    return {
        name: value.detach()
        for name, value in content.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }


def _check_plain(state: Mapping[str, Tensor], path: Path) -> None:
    """Refuse tensors without numbers of their own, or with numbers that stand for others."""
    import torch

    for name, tensor in state.items():
        kinds = {
            "sparse": tensor.layout != torch.strided,
            "without numbers (meta)": tensor.is_meta,
            "quantized": tensor.is_quantized,
        }
        kind = next((kind for kind, is_so in kinds.items() if is_so), None)
        if kind is not None:
            raise WeightsError(f"{path}: '{name}' is {kind}; save plain tensors, as network.state_dict() has them")


def _why_not(kind: str, path: Path) -> str:
    """Say what the file is, and the way out."""
    what = sniff.KINDS[kind]
    if kind == "html":
        title = sniff.title(path)
        return f"is {what}{f' titled {title!r}' if title else ''} saved in place of the file; get it again"
    if kind in ("empty", "pointer"):
        return f"is {what}; get it again"
    if kind == "torchscript":
        return f"is {what}, a program and no checkpoint; the engines lama and migan open those that have a card"
    return f"is {what}, no checkpoint; what can be read: .pth, .safetensors, .npz"


def _cut_or_damaged(path: Path) -> str:
    """Tell a file that ends too early from one with wrong bytes, as far as that can be told."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if head.startswith(b"PK"):
            file.seek(max(size - 65557, 0))  # where a zip archive's end record of 22 bytes must be
            whole = b"PK\x05\x06" in file.read()[:-18]  # 18 more bytes of it must follow its sign
            return "is damaged" if whole else f"is cut off (after {size} bytes)"
    return f"is cut off or damaged ({size} bytes)"


def _first_foreign_name(path: Path) -> str | None:
    """Return the first thing outside PyTorch's own that a pickle asks for, found without running it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # odd escapes in the strings of a damaged pickle
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    member = next(name for name in archive.namelist() if name.endswith("data.pkl"))
                    with archive.open(member) as file:
                        return _foreign(_names_in(file))
            with path.open("rb") as file:
                for _ in range(5):  # an old checkpoint is five pickles, then the numbers
                    found = _foreign(_names_in(file))
                    if found is not None:
                        return found
    except (*DAMAGE, StopIteration):
        pass
    return None


def _foreign(names: list[str]) -> str | None:
    own = re.compile(r"torch\._utils\..*|torch\.\w+Storage|collections\.OrderedDict")
    return next((name for name in names if not own.fullmatch(name)), None)


def _names_in(file: IO[bytes]) -> list[str]:
    """Return the globals that one pickle names, in order; reads up to its end."""
    names: list[str] = []
    strings: list[str] = []
    for opcode, argument, _ in pickletools.genops(file):
        if opcode.name == "GLOBAL":
            names.append(str(argument).replace(" ", "."))
        elif opcode.name == "STACK_GLOBAL" and len(strings) >= 2:
            names.append(f"{strings[-2]}.{strings[-1]}")
        elif isinstance(argument, str):
            strings.append(argument)
    return names
