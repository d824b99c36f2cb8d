"""A store of weights in an empty folder, and a server on loopback."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import Site


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def store_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "weights"
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(folder))
    monkeypatch.delenv("FREEFILL_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return folder


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("freefill.weights.getting.download.PAUSES_S", (0.0, 0.0, 0.0))
