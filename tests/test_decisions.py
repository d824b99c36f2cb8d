"""The pages of docs/decisions: each has a number of its own and stands in the index, and what names one finds it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [path for path in sorted((ROOT / "docs" / "decisions").glob("*.md")) if path.name != "index.md"]
NUMBERS = [page.name[:4] for page in PAGES]


def test_every_decision_has_a_number_of_its_own_and_bears_it():
    assert [number for number in NUMBERS if NUMBERS.count(number) > 1] == []
    titles = {page.name: page.read_text("utf-8").split("\n", 1)[0] for page in PAGES}
    assert {name: title for name, title in titles.items() if not title.startswith(f"# {name[:4]}: ")} == {}


def test_the_index_has_every_decision_under_its_number():
    rows = re.findall(r"\[(\d{4})\]\(([\w-]+\.md)\)", (PAGES[0].parent / "index.md").read_text("utf-8"))
    assert sorted(name for _, name in rows) == [page.name for page in PAGES]
    assert [row for row in rows if row[0] != row[1][:4]] == []


def test_whatever_names_a_decision_names_one_that_is_there():
    texts = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.py"), ROOT / "README.md", ROOT / "CHANGELOG.md"]
    for path in texts:
        text = path.read_text("utf-8")
        named = re.findall(r"decisions/(\d{4}(?:-[\w-]+\.md)?)", text) + re.findall(r"[Dd]ecision (\d{4})", text)
        for name in named:
            assert any(page.name.startswith(name) for page in PAGES), f"{path}: decision {name}"
