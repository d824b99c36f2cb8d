"""Checkpoints open as tensors only; each way to be no checkpoint has its own message."""

import hashlib
import os
import pickle
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freefill.errors import WeightsError

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402

from freefill.weights.opening.load import load_state, load_torchscript, read_about, read_checkpoint  # noqa: E402

TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


class Bomb:
    """Leaves a file behind if it is ever unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def same(state: dict[str, Tensor]) -> bool:
    return state.keys() == TENSORS.keys() and all(torch.equal(state[key], TENSORS[key]) for key in TENSORS)


@pytest.mark.parametrize("new_format", [True, False])
def test_a_state_dict_is_read(tmp_path: Path, new_format: bool) -> None:
    torch.save(TENSORS, tmp_path / "a.pth", _use_new_zipfile_serialization=new_format)
    assert same(load_state(tmp_path / "a.pth"))


def test_safetensors_are_read(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file(TENSORS, tmp_path / "a.safetensors")
    assert same(load_state(tmp_path / "a.safetensors"))


def test_the_ending_of_the_name_does_not_matter(tmp_path: Path) -> None:
    torch.save(TENSORS, tmp_path / "a.safetensors")
    assert same(load_state(tmp_path / "a.safetensors"))


def test_of_a_gan_snapshot_the_generator_is_used_and_it_is_said(tmp_path: Path) -> None:
    adam = {
        "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.ones(2), "exp_avg_sq": torch.ones(2)}},
        "param_groups": [{"lr": 1e-4, "betas": (0.5, 0.999), "amsgrad": False, "params": [0]}],
    }
    snapshot = {"G": TENSORS, "D": torch.nn.Linear(3, 2).state_dict(), "G_optim": adam, "n_iter": 7}
    torch.save(snapshot, tmp_path / "a.pth")
    checkpoint = read_checkpoint(tmp_path / "a.pth")
    assert same(checkpoint.state)
    assert checkpoint.notes == ("only 'G' is used; left out: D, G_optim, n_iter",)


def test_names_of_a_network_spread_over_devices_are_mended(tmp_path: Path) -> None:
    torch.save({f"module.{key}": value for key, value in TENSORS.items()}, tmp_path / "a.pth")
    assert same(load_state(tmp_path / "a.pth"))


@pytest.mark.parametrize("new_format", [True, False])
def test_a_malicious_pickle_is_named_and_not_run(tmp_path: Path, new_format: bool) -> None:
    target = tmp_path / "was_here"
    torch.save({"G": TENSORS, "x": Bomb(target)}, tmp_path / "evil.pth", _use_new_zipfile_serialization=new_format)
    with pytest.raises(WeightsError, match=r"evil\.pth: asks for (posix|nt)\.mkdir when it is opened.*refused"):
        load_state(tmp_path / "evil.pth")
    assert not target.exists()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_bare_malicious_pickle_of_any_protocol_is_named(tmp_path: Path, protocol: int) -> None:
    target = tmp_path / "was_here"
    (tmp_path / "evil.pth").write_bytes(pickle.dumps(Bomb(target), protocol))
    with pytest.raises(WeightsError, match=r"asks for (posix|nt)\.mkdir"):
        load_state(tmp_path / "evil.pth")
    assert not target.exists()


def test_a_whole_network_instead_of_its_tensors_is_refused_with_the_way_out(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"torch\.nn\.modules\.linear\.Linear.*state_dict"):
        load_state(tmp_path / "a.pth")


def test_a_harmless_pickle_is_no_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(pickle.dumps({"a": 1}, 4))
    with pytest.raises(WeightsError, match="not a PyTorch checkpoint"):
        load_state(tmp_path / "a.pth")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("form", ["new", "old", "safetensors"])
def test_a_truncated_file_is_called_cut_off(tmp_path: Path, share: float, form: str) -> None:
    path = tmp_path / "a.pth"
    big = {"a": torch.randn(64, 64)}
    if form == "safetensors":
        from safetensors.torch import save_file

        save_file(big, path)
    else:
        torch.save(big, path, _use_new_zipfile_serialization=form == "new")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError, match="cut off"):
        load_state(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is an empty file"),
        (b"\n<!DOCTYPE html><html><title>Sign in</title></html>", "is a web page titled 'Sign in' saved in place"),
        (b"<html>", "is a web page saved in place"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"hello world, I am text", "file of an unknown kind"),
        (b"\x1f\x8b\x08\x00" + bytes(20), "gzip archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(20), "HDF5"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(20), "TensorFlow Lite"),
    ],
)
def test_what_is_no_checkpoint_is_called_what_it_is(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=message) as error:
        load_state(tmp_path / "a.pth")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no\.pth: cannot be read"):
        load_state(tmp_path / "no.pth")


def test_a_checkpoint_without_tensors_is_said_to_be_one(tmp_path: Path) -> None:
    torch.save({"n_iter": 3}, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="holds no tensors"):
        load_state(tmp_path / "a.pth")
    torch.save([1, 2], tmp_path / "a.pth")
    with pytest.raises(WeightsError, match="holds a list"):
        load_state(tmp_path / "a.pth")


def test_objects_in_a_numpy_archive_are_not_unpickled(tmp_path: Path) -> None:
    target = tmp_path / "was_here"
    name = "inpaint_net/conv1/kernel"
    np.savez(tmp_path / "a.npz", **{name: np.array([Bomb(target)], dtype=object)})  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match="more than numbers"):
        load_state(tmp_path / "a.npz")
    assert not target.exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), form=st.sampled_from(["new", "old", "safetensors", "npz"]))
def test_a_file_damaged_at_random_gives_one_line_or_tensors(tmp_path: Path, seed: int, form: str) -> None:
    path = tmp_path / "a.bin"
    if form == "safetensors":
        from safetensors.torch import save_file

        save_file(TENSORS, path)
    elif form == "npz":
        with path.open("wb") as file:
            np.savez(file, **{"inpaint_net/conv1/bias": np.ones(3, np.float32)})  # type: ignore[arg-type]
    else:
        torch.save({"G": TENSORS}, path, _use_new_zipfile_serialization=form == "new")
    data = bytearray(path.read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(min(len(data), 400) if chance.random() < 0.5 else len(data))] = chance.randrange(256)
    path.write_bytes(data)
    message = ""
    try:
        load_state(path)
    except WeightsError as error:
        message = str(error)
    assert "\n" not in message


# --- TorchScript ---------------------------------------------------------------------------------------------------


class Double(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "double.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(Double()), path)
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_torchscript_opens_where_its_hash_matches(script: Path) -> None:
    assert load_torchscript(script, sha256(script))(torch.ones(2)).tolist() == [2.0, 2.0]


def test_torchscript_of_another_hash_is_not_opened(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(torch.jit, "load", never)
    with pytest.raises(WeightsError, match=r"a program, and its SHA-256 is .* it was not opened"):
        load_torchscript(script, "0" * 64)


def test_what_is_no_torchscript_is_said_so_even_if_its_hash_matches(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(b"PK no such thing")
    with pytest.raises(WeightsError, match="not a TorchScript file"):
        load_torchscript(path, sha256(path))


def test_torchscript_is_not_read_as_a_checkpoint(script: Path) -> None:
    with pytest.raises(WeightsError, match="a program and no checkpoint"):
        load_state(script)


@pytest.mark.parametrize(
    ("change", "said"),
    [(lambda t: t.to_sparse(), "sparse"), (lambda t: t.to("meta"), "without numbers")],
    ids=["sparse", "meta"],
)
def test_tensors_without_plain_numbers_are_refused_by_name(tmp_path: Path, change, said: str) -> None:
    path = tmp_path / "w.pth"
    torch.save({"a": torch.ones(2, 2), "b": change(torch.ones(2, 2))}, path)
    with pytest.raises(WeightsError, match=f"'b' is {said}"):
        load_state(path)


def test_the_restricted_reader_is_asked_for_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default of older PyTorch is the reader that runs code, and the device a file was saved on may not be here."""
    asked: list[dict[str, object]] = []
    real = torch.load
    monkeypatch.setattr(torch, "load", lambda file, **how: asked.append(how) or real(file, **how))
    torch.save(TENSORS, tmp_path / "a.pth")
    load_state(tmp_path / "a.pth")
    assert asked == [{"map_location": "cpu", "weights_only": True}]


def test_torchscript_saved_on_another_device_comes_to_the_processor(
    script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, object]] = []
    real = torch.jit.load
    monkeypatch.setattr(torch.jit, "load", lambda file, **how: asked.append(how) or real(file, **how))
    load_torchscript(script, sha256(script))
    assert asked == [{"map_location": "cpu"}]


def test_a_prefix_that_only_some_names_have_is_part_of_the_name(tmp_path: Path) -> None:
    torch.save({"module.a": torch.ones(1), "b": torch.ones(1)}, tmp_path / "a.pth")
    assert set(load_state(tmp_path / "a.pth")) == {"module.a", "b"}


@pytest.mark.parametrize("numbers", [8, 40_000], ids=["small", "large"])
def test_a_file_that_is_whole_but_wrong_inside_is_called_damaged(tmp_path: Path, numbers: int) -> None:
    path = tmp_path / "a.pth"
    torch.save({"a": torch.zeros(numbers)}, path)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"PK\x01\x02", b"PK\xff\xff"))  # the table of contents at the end
    with pytest.raises(WeightsError, match=r"a\.pth: is damaged; get it again"):
        load_state(path)


def test_odd_escapes_in_a_pickle_are_no_warning(tmp_path: Path) -> None:
    (tmp_path / "a.pth").write_bytes(b"\x80\x02S'\\q'\n0cposix\nmkdir\n.")
    with pytest.raises(WeightsError, match=r"asks for posix\.mkdir"):
        load_state(tmp_path / "a.pth")


def test_what_weights_say_of_their_training_is_read_and_no_other_file_says_anything(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "a.safetensors"
    save_file(TENSORS, path, metadata={"about": '{"steps": 12}'})
    assert read_about(path) == {"steps": 12}
    for about in (None, {"other": "x"}, {"about": "[1]"}, {"about": "no JSON"}):
        save_file(TENSORS, path, metadata=about)
        assert read_about(path) == {}
    torch.save(TENSORS, tmp_path / "a.pth")
    assert read_about(tmp_path / "a.pth") == {}
