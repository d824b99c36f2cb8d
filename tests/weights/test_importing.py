"""A file got by hand: recognised, said what it is, kept as tensors only."""

import hashlib
import io
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from loopback import DATA, card

from freefill.errors import WeightsError
from freefill.weights import store
from freefill.weights.cards import catalogue
from freefill.weights.cards.card import PackageMember
from freefill.weights.folder import read_record
from freefill.weights.importing import Imported, import_file
from freefill.weights.locate import locate

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402

from freefill.networks import deepfill_weights  # noqa: E402
from freefill.weights.opening.load import load_state  # noqa: E402


def made(layout: str = "pt", width: int = 8) -> dict[str, Tensor]:
    keys = deepfill_weights.keys(deepfill_weights.GeneratorOptions(layout, width, 5))  # type: ignore[arg-type]
    return {key: torch.randn(shape) for key, shape in keys.items()}


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def one(path: Path, name: str | None = None) -> Imported:
    (imported,) = import_file(path, name)
    return imported


def test_a_checkpoint_is_kept_as_safetensors_under_its_own_name(tmp_path: Path) -> None:
    state = made("tf")
    got = one(saved(tmp_path / "my-scenes.pth", {"G": state, "n_iter": 3}))
    assert (got.name, got.what) == ("my-scenes", "deepfillv2, layout 'tf', width 8")
    assert got.notes == ("only 'G' is used; left out: n_iter",)
    assert locate("my-scenes") == got.path
    assert got.path.suffix == ".safetensors"
    back = load_state(got.path)
    assert back.keys() == state.keys()
    assert all(torch.equal(back[key], state[key]) for key in state)


def test_the_kept_file_says_where_it_came_from(tmp_path: Path) -> None:
    from safetensors import safe_open

    path = saved(tmp_path / "mine.pth", made())
    got = one(path)
    with safe_open(got.path, "pt") as file:
        metadata = file.metadata()
    assert metadata["origin_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (metadata["network"], metadata["layout"], metadata["origin"]) == ("deepfillv2", "pt", "mine.pth")


def test_tensors_that_share_memory_can_be_kept(tmp_path: Path) -> None:
    state = made()
    buffer = torch.cat([value.flatten() for value in state.values()])
    start, views = 0, {}
    for key, value in state.items():
        views[key] = buffer[start : start + value.numel()].view(value.shape)
        start += value.numel()
    back = load_state(one(saved(tmp_path / "mine.pth", views)).path)
    assert all(torch.equal(back[key], state[key]) for key in state)


def test_the_publishers_file_name_tells_which_card_it_is(tmp_path: Path) -> None:
    got = one(saved(tmp_path / "states_pt_places2.pth", {"G": made("pt", 48)}))
    assert got.name == "places2"
    assert "by its file name" in got.notes[0]
    assert locate("places2").name == "places2.safetensors"
    record = read_record("places2")
    assert record is not None
    assert record.licence.startswith("CC BY-NC")


def test_a_name_says_which_card_it_is(tmp_path: Path) -> None:
    assert one(saved(tmp_path / "x.pth", made("tf", 48)), "celebahq-tf").name == "celebahq-tf"


def test_a_card_of_another_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"is deepfillv2, layout 'tf', width 48, not 'places2' \(layout 'pt'"):
        import_file(saved(tmp_path / "x.pth", made("tf", 48)), "places2")
    with pytest.raises(WeightsError, match="width 8, not 'places2'"):
        import_file(saved(tmp_path / "x.pth", made("pt", 8)), "places2")


def test_another_file_cannot_take_the_place_of_a_recorded_one(tmp_path: Path) -> None:
    one(saved(tmp_path / "a.pth", made("pt", 48)), "places2")
    other = saved(tmp_path / "b.pth", made("pt", 48))
    with pytest.raises(WeightsError, match="--forget"):
        import_file(other, "places2")
    store.remove("places2", forget=True)
    assert one(other, "places2").name == "places2"


def test_own_weights_may_be_replaced(tmp_path: Path) -> None:
    one(saved(tmp_path / "mine.pth", made()))
    newer = made()
    back = load_state(one(saved(tmp_path / "mine.pth", newer)).path)
    assert all(torch.equal(back[key], newer[key]) for key in newer)


def test_the_authors_variables_become_the_layout_tf(tmp_path: Path) -> None:
    arrays = {}
    for key, value in made("tf").items():
        layer, end = key.split(".", 1)[0], key.rsplit(".", 1)[1]
        name = f"{layer}/{layer}_conv" if key.count(".") == 3 else layer
        arrays[f"inpaint_net/{name}/{'kernel' if end == 'weight' else 'bias'}"] = (
            value.numpy().transpose(2, 3, 1, 0) if value.ndim == 4 else value.numpy()
        )
    np.savez(tmp_path / "authors.npz", **arrays)
    assert one(tmp_path / "authors.npz").what == "deepfillv2, layout 'tf', width 8"


def test_a_file_known_by_its_hash_is_kept_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "CARDS", (card("http://127.0.0.1:9/f"),))
    (tmp_path / "whatever.xyz").write_bytes(DATA)
    got = one(tmp_path / "whatever.xyz")
    assert (got.name, got.path.name) == ("thing", "thing.bin")
    assert got.path.read_bytes() == DATA
    with pytest.raises(WeightsError, match="is 'thing' by its hash, not 'mine'"):
        import_file(tmp_path / "whatever.xyz", "mine")


def test_a_file_that_is_not_what_a_published_hash_says_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is not 'lama': its MD5 is"):
        import_file(saved(tmp_path / "big-lama.pt", made()), "lama")


def test_of_a_package_archive_the_members_with_a_card_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("pkg/thing.bin", DATA)
    path = tmp_path / "pkg-1.0-py3-none-any.whl"
    path.write_bytes(buffer.getvalue())
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    source = PackageMember("pypi", "pkg", "1.0", digest, len(buffer.getvalue()), "pkg/thing.bin")
    monkeypatch.setattr(catalogue, "CARDS", (card(source, bytes=len(DATA)),))
    assert one(path).path.read_bytes() == DATA


def test_torchscript_that_no_card_vouches_for_is_not_taken(tmp_path: Path) -> None:
    class Same(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.trace(Same(), torch.ones(1)), tmp_path / "a.pt")
    with pytest.raises(WeightsError, match="a program, and its hash is on no card"):
        import_file(tmp_path / "a.pt")


def test_an_unknown_network_is_not_taken_and_leaves_nothing(tmp_path: Path, store_folder: Path) -> None:
    path = saved(tmp_path / "a.pth", torch.nn.Linear(2, 2).state_dict())
    with pytest.raises(WeightsError, match=r"a\.pth: 2 keys fit no known network"):
        import_file(path)
    assert not store_folder.exists() or list(store_folder.glob("*.*")) == [store_folder / ".fetching"]


def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot name weights"):
        import_file(saved(tmp_path / "a.pth", made()), "../../evil")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no\.pth: there is no such file"):
        import_file(tmp_path / "no.pth")
