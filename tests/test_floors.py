"""Who may import whom, read from the source with ast: docs/design.md, "Floors"."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "freefill"

# room: rooms it may import; a room may always import itself
MAY_IMPORT = {
    "errors": set(),
    "compiling": set(),
    "threads": set(),
    "files": {"errors"},
    "values": {"errors"},
    "request": {"values", "errors"},
    "progress": {"values"},
    "images": {"values", "errors", "files", "compiling"},
    "distance": {"values"},
    "masks": {"values", "errors", "distance", "request", "files"},
    "compose": {"values", "errors", "distance"},
    "synthesis": {"values", "errors", "distance", "compiling", "threads"},
    "layout": {"values", "errors", "distance", "compiling"},
    "metrics": {"values", "errors"},
    "diagnosis": {"values", "errors", "distance"},
    "networks": {"values", "errors", "compiling"},
    "weights": {"values", "errors", "files", "networks"},
    "engines": {"values", "errors", "distance", "files", "masks", "synthesis", "layout", "networks", "weights"},
    "detectors": {"values", "errors", "distance", "files", "masks", "synthesis", "networks", "weights"},
    "inpainting": {"values", "errors", "progress", "images", "masks", "compose", "engines"},
    "inputs": {"values", "errors", "request", "files", "images", "masks", "detectors"},
    "result": {"values", "errors", "request", "files", "images", "inputs"},
    "inpainter": {"values", "errors", "request", "progress", "images", "engines", "inpainting", "inputs", "result"},
    "filling": {"values", "request", "progress", "inputs", "inpainter", "result", "tries"},
    "finding": {"values", "errors", "request", "inputs", "masks", "detectors"},
    "extending": {"values", "errors", "request", "progress", "images", "inputs", "inpainter", "result"},
    "places": {"errors", "files", "images"},
    "running": {"errors", "files", "places", "threads"},
    "judging": {"values", "errors", "request", "weights", "inputs", "diagnosis"},
    "tries": {"values", "errors", "progress", "engines", "diagnosis", "inputs", "inpainter", "judging"},
    "batch": {
        "values", "errors", "request", "progress", "compiling", "files", "images", "inputs", "inpainter", "places",
        "running", "tries",
    },
    "evaluation": {
        "values", "errors", "files", "images", "masks", "metrics", "diagnosis", "networks", "weights", "inpainter",
        "running", "judging",
    },
    "study": {
        "values", "errors", "request", "files", "images", "masks", "diagnosis", "inputs", "inpainter", "running",
        "judging", "evaluation",
    },
    "demo": {"values", "errors", "progress", "files", "images", "masks", "inputs", "inpainter"},
    "web": {
        "values", "errors", "request", "files", "images", "masks", "detectors", "engines", "weights", "progress",
        "inputs", "inpainter", "running", "threads", "diagnosis", "judging",
    },
    "training": {"values", "errors", "files", "images", "masks", "synthesis", "metrics", "networks", "weights"},
    "__main__": {"cli"},
    "cli": {
        "values", "errors", "request", "progress", "compiling", "inpainting", "extending",
        "running", "files", "images", "masks", "compose", "synthesis", "engines", "detectors",
        "weights", "inputs", "inpainter", "diagnosis", "judging", "tries", "places", "batch", "evaluation",
        "study", "demo", "training", "web",
    },
}  # fmt: skip
HEAVY = {"torch", "cv2", "numba", "llvmlite", "scipy", "skimage", "onnxruntime", "onnx", "tifffile", "PIL", "requests"}
MAY_LOAD = {
    "compiling": {"numba"},
    "images": {"PIL", "cv2", "numba"},  # numba: JPEG's entropy coding
    "distance": {"cv2"},
    "masks": {"cv2", "numba"},
    "compose": {"cv2", "numba"},
    "synthesis": {"cv2", "numba"},
    "layout": {"cv2", "numba"},
    "metrics": {"torch", "cv2"},
    "diagnosis": {"cv2", "numba"},
    "study": {"cv2"},
    "judging": {"torch"},
    "evaluation": {"cv2", "torch"},
    "networks": {"torch", "numba", "llvmlite"},
    "weights": {"torch", "requests", "onnx"},
    "engines": {"torch", "cv2", "skimage"},
    "detectors": {"cv2", "onnxruntime"},
    "result": {"cv2", "torch"},  # torch: where the caller gave a tensor
    "running": {"cv2"},  # to share the cores between workers
    "demo": {"PIL", "cv2"},
    "training": {"torch", "PIL", "cv2"},
    "web": {"cv2"},  # to write what a page shows
}
CORE = {
    "errors",
    "values",
    "images",
    "masks",
    "compose",
    "synthesis",
    "layout",
    "inpainting",
    "inpainter",
    "filling",
    "places",
    "diagnosis",
    "tries",
    "running",
    "batch",
    "demo",
    "cli",
}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every import of a file with its line, those for the type checker left out."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


FILES = sorted(path for path in SOURCE.rglob("*.py") if path.parent != SOURCE or path.name != "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_from_lower_floors(path):
    room = room_of(path)
    assert room in MAY_IMPORT, f"{path}: the room '{room}' is on no floor"
    for line, name in imports(path):
        assert name != "freefill", f"{path}:{line}: imports the whole package; name the room that is needed"
        if name.startswith("freefill."):
            other = name.split(".")[1]
            assert other == room or other in MAY_IMPORT[room] or other == "__version__", (
                f"{path}:{line}: {room} imports {other}"
            )


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_heavy_libraries_stay_in_their_rooms(path):
    room = room_of(path)
    for line, name in imports(path):
        top = name.split(".")[0]
        if top in HEAVY:
            assert top in MAY_LOAD.get(room, set()), f"{path}:{line}: {room} imports {top}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_module_imports_from_its_own_package_init(path):
    room = room_of(path)
    if (SOURCE / room).is_dir() and path.name != "__init__.py":
        for line, name in imports(path):
            parts = name.split(".")
            if parts[:2] == ["freefill", room]:
                target = SOURCE / room / (parts[2] if len(parts) > 2 else "")
                assert target.with_suffix(".py").exists() or target.is_dir(), (
                    f"{path}:{line}: imports from its own __init__"
                )


def test_the_core_uses_neither_scipy_nor_scikit_image_nor_torch_at_import():
    for path in FILES:
        if room_of(path) in CORE:
            names = {name.split(".")[0] for _, name in imports(path)}
            assert not names & {"scipy", "skimage", "torch"}, path


def test_no_file_is_longer_than_300_lines():
    long = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in FILES}
    assert not {name: lines for name, lines in long.items() if lines > 300}
