import subprocess
import sys

import freefill


def test_the_public_names_are_these():
    assert set(freefill.__all__) == {
        "EngineError", "FreefillError", "InputError", "Inpainter", "Mask", "NothingFoundError", "Options", "Picture",
        "Progress",
        "Request", "Result", "Shape", "WeightsError", "diagnose", "extend", "inpaint", "masks",
    }  # fmt: skip
    assert all(getattr(freefill, name) is not None for name in freefill.__all__)


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_freefill_loads_neither_torch_nor_opencv_nor_numba():
    loaded = run_python(
        "import freefill, sys; print([m for m in ('torch', 'cv2', 'numba', 'numpy') if m in sys.modules])"
    )
    assert loaded.strip() == "[]"


def test_help_loads_no_array_library():
    code = (
        "import sys\nfrom freefill.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('torch', 'cv2', 'numba', 'numpy') if m in sys.modules])"
    )
    assert run_python(code).strip().endswith("[]")
