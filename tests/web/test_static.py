"""What the page is made of."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "src" / "freefill" / "web" / "static"
VENDOR = STATIC / "vendor"


def test_every_vendored_file_is_what_its_package_holds() -> None:
    listed = json.loads((VENDOR / "vendor.json").read_text())
    assert {row["file"] for row in listed} == {path.name for path in VENDOR.glob("*.mjs")}
    for row in listed:
        assert hashlib.sha256((VENDOR / row["file"]).read_bytes()).hexdigest() == row["sha256"], row["file"]
        assert (VENDOR / row["licence_file"]).is_file()


def test_every_import_of_the_page_is_there() -> None:
    page = (STATIC / "index.html").read_text()
    found = re.search(r'<script type="importmap">(.*?)</script>', page)
    assert found is not None
    names = json.loads(found[1])["imports"]
    for path in names.values():
        assert (STATIC.parent / path.lstrip("/")).is_file(), path
    for module in (STATIC / "js").glob("*.js"):
        for name in re.findall(r'from "([^"]+)"', module.read_text()):
            assert name in names or (module.parent / name).is_file(), f"{module.name}: {name}"


def test_every_module_asks_for_type_checks_first() -> None:
    for module in (STATIC / "js").glob("*.js"):
        assert module.read_text().startswith("// @ts-check\n"), module.name
