"""What an engine lacks is told at once, with one command."""

from __future__ import annotations

import pytest

from freefill.engines import registry
from freefill.errors import EngineError
from freefill.values import EngineSettings


@pytest.mark.parametrize(
    ("name", "weights", "said"),
    [
        (
            "lama",
            None,
            r"extra 'torch' and weights .* run: pip install 'freefill\[torch\]' && freefill weights fetch lama$",
        ),
        ("deepfillv2", None, r"needs the extra 'torch'; run: pip install 'freefill\[torch\]'$"),  # small ones are here
        ("deepfillv2", "celebahq", r"&& freefill weights fetch celebahq$"),
        ("deepfillv2", "my.pth", r"needs the extra 'torch'; run: pip install 'freefill\[torch\]'$"),
        ("biharmonic", None, r"needs the extra 'torch'; run: pip install 'freefill\[torch\]'$"),
    ],
)
def test_extra_and_weights_are_told_together(tmp_path, monkeypatch, name, weights, said):
    monkeypatch.setenv("FREEFILL_WEIGHTS_DIR", str(tmp_path))
    monkeypatch.setattr(registry, "missing", lambda spec: "torch")
    with pytest.raises(EngineError, match=said):
        registry.load(registry.find(name), EngineSettings(weights=weights))
