"""What a state dict is, from its keys and shapes."""

from pathlib import Path

import numpy as np
import pytest

from freefill.errors import WeightsError

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402

from freefill.networks import deepfill, deepfill_weights  # noqa: E402
from freefill.networks.deepfill_weights import GeneratorOptions  # noqa: E402
from freefill.networks.efficientnet_lite0 import names  # noqa: E402
from freefill.networks.patch_discriminator import PatchDiscriminator  # noqa: E402
from freefill.weights.opening.features import STLPIPS_NAMES  # noqa: E402
from freefill.weights.opening.recognise import GENERATORS, NETWORKS, Recognised, recognise  # noqa: E402
from freefill.weights.opening.tensorflow import read_npz, state_key  # noqa: E402


def made(layout: str, width: int = 8, in_channels: int = 5) -> dict[str, Tensor]:
    """A state dict of that network, each tensor of its own numbers."""
    chance = torch.Generator().manual_seed(0)
    keys = deepfill_weights.keys(GeneratorOptions(layout, width, in_channels))  # type: ignore[arg-type]
    return {key: torch.randn(shape, generator=chance) for key, shape in keys.items()}


@pytest.mark.parametrize("layout", ["pt", "tf"])
@pytest.mark.parametrize(("width", "in_channels"), [(8, 5), (48, 5), (16, 6)])
def test_layout_width_and_channels_are_found(layout: str, width: int, in_channels: int) -> None:
    assert recognise(made(layout, width, in_channels)) == Recognised("deepfillv2", layout, width, in_channels)


def test_the_small_networks_are_asked_by_the_names_of_their_files_in_the_package() -> None:
    """`--structure network` looks for painter.onnx and structure.onnx; a role of another name would never be asked."""
    roles = {row.role: row.first for row in NETWORKS if row.role}
    assert roles == {"painter": "head.weight", "structure": "offsets"}


def test_what_is_recognised_can_be_loaded(tmp_path: Path) -> None:
    assert recognise(deepfill.Generator("pt", 8, 5).state_dict()).layout == "pt"


def test_the_constant_of_newer_files_does_not_disturb() -> None:
    state = made("pt") | {deepfill_weights.IDENTITY_KEY: torch.eye(3).reshape(1, 1, 3, 3)}
    assert recognise(state).layout == "pt"


def test_missing_keys_are_counted_and_the_first_named() -> None:
    state = made("pt")
    for key in list(state)[-4:]:
        del state[key]
    first = list(made("pt"))[-4]
    with pytest.raises(WeightsError) as error:
        recognise(state, "model.pth")
    assert str(error.value) == (
        "model.pth: 80 keys fit no known network; nearest is deepfillv2, layout 'pt', width 8: 4 keys missing, "
        f"first '{first}'; see docs/weights.md"
    )


def test_a_network_without_its_first_layer_is_still_near_to_ours() -> None:
    state = made("tf", 48)
    del state["conv1.conv.weight"]
    with pytest.raises(WeightsError, match=r"nearest is deepfillv2, layout 'tf': 1 key missing, first 'conv1"):
        recognise(state, "model.pth")


def test_another_network_shares_nothing_and_that_is_said() -> None:
    state = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)).state_dict()
    with pytest.raises(WeightsError, match=r"4 keys fit no known network, first '0\.weight'; known: deepfillv2"):
        recognise(state)


def test_a_key_too_many_is_named() -> None:
    with pytest.raises(WeightsError, match="1 key too many, first 'stage3"):
        recognise(made("pt") | {"stage3.conv.weight": torch.ones(1)})


def test_a_wrong_shape_is_named() -> None:
    state = made("pt")
    key = "stage2.conv_bn6.conv.weight"
    state[key] = state[key][:, :8]
    with pytest.raises(WeightsError, match=r"'stage2\.conv_bn6\.conv\.weight' has shape"):
        recognise(state)


def test_each_generator_of_the_table_is_told_by_its_first_layer() -> None:
    assert {row.layout: row.first for row in GENERATORS} == {
        layout: f"{name}.weight" for layout, name in deepfill_weights.FIRST.items()
    }


def test_a_discriminator_is_called_one() -> None:
    with pytest.raises(WeightsError, match=r"^D\.pth: is the discriminator of deepfillv2, which trains a generator"):
        recognise(PatchDiscriminator(4).state_dict(), "D.pth")


@pytest.mark.parametrize(("name", "keys"), [("efficientnet-lite0", names()), ("stlpips-alex", STLPIPS_NAMES)])
def test_a_network_that_measures_is_called_by_its_name(name: str, keys: set[str]) -> None:
    state = {key: torch.zeros(1) for key in keys}
    with pytest.raises(WeightsError, match=f"is {name}, which measures fills: freefill weights fetch"):
        recognise(state)


def test_no_network_of_the_table_has_the_first_layer_of_another() -> None:
    states = {"pt": made("pt"), "tf": made("tf"), "D": PatchDiscriminator(4).state_dict(), "E": names()}
    told = {name: [row.first for row in NETWORKS if row.first in state] for name, state in states.items()}
    assert all(len(rows) == 1 for rows in told.values())


# --- the authors' TensorFlow names ----------------------------------------------------------------------------------


def as_tensorflow(state: dict[str, Tensor]) -> dict[str, np.ndarray]:
    """The authors' names and order of axes for a state dict of the layout "tf"."""
    arrays = {}
    for key, value in state.items():
        *layers, end = key.split(".")
        layers = [layer for layer in layers if layer != "conv"]
        name = layers[0] if "_upsample" not in key else f"{layers[0]}/{layers[0]}_conv"
        kernel = value.numpy().transpose(2, 3, 1, 0) if value.ndim == 4 else value.numpy()
        arrays[f"inpaint_net/{name}/{'kernel' if end == 'weight' else 'bias'}"] = kernel
    return arrays


def test_an_archive_of_the_authors_variables_is_the_layout_tf(tmp_path: Path) -> None:
    state = made("tf")
    others = {"discriminator/conv1/kernel": np.ones(3), "global_step": np.ones(1)}
    np.savez(tmp_path / "a.npz", **as_tensorflow(state), **others)  # type: ignore[arg-type]
    read, notes = read_npz(tmp_path / "a.npz")
    assert recognise(read) == Recognised("deepfillv2", "tf", 8, 5)
    assert all(torch.equal(read[key], state[key]) for key in state)
    assert notes == ("2 variables outside inpaint_net left out",)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", weights=np.ones(3))
    with pytest.raises(WeightsError, match="no variable of the generator"):
        read_npz(tmp_path / "a.npz")


def test_every_tf_key_has_a_variable() -> None:
    variables = as_tensorflow(made("tf"))
    assert [state_key(name) for name in variables] == list(made("tf"))


@pytest.mark.parametrize(("channels", "said"), [(5, ""), (6, ", 1 guide channel"), (7, ", 2 guide channels")])
def test_guide_channels_are_said_where_there_are_some(channels: int, said: str) -> None:
    assert str(Recognised("deepfillv2", "pt", 48, channels)) == f"deepfillv2, layout 'pt', width 48{said}"


def test_a_first_layer_of_a_shape_that_no_generator_has_is_refused_in_one_line() -> None:
    state = made("pt")
    state[GENERATORS[0].first] = torch.ones(3)
    with pytest.raises(
        WeightsError, match=r"w\.pth: nearest is .*other shapes \('stage1\.conv1\.conv\.weight': \(3,\)\)"
    ):
        recognise(state, "w.pth")
