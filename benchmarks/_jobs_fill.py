"""Fill jobs with the freefill that is imported here; run by jobs.py in a process of its own, one for each version.

It needs nothing but the public door, so that an older checkout can be filled with as well.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")

import freefill

JOBS = Path(__file__).resolve().parents[2] / "shared" / "data" / "jobs"


def rows(half: str = "all", names: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Return rows of index.csv: `half` is all, even (for tuning) or odd (for checking); `names` picks single jobs."""
    if not (JOBS / "index.csv").is_file():
        sys.exit(f"{JOBS}: not there; this benchmark needs the data set in ../shared")
    with (JOBS / "index.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    unknown = set(names) - {row["name"] for row in table}
    if unknown:
        sys.exit(f"no job is called {', '.join(sorted(unknown))}; see {JOBS / 'index.csv'}")
    chosen = {"all": table, "even": table[::2], "odd": table[1::2]}[half]
    return [row for row in chosen if not names or row["name"] in names]


def photo(row: dict[str, str]) -> Path:
    """Return the picture of a job."""
    return (JOBS if row["photo"].startswith("photos/") else JOBS.parent) / row["photo"]


def mask(row: dict[str, str]) -> Path:
    """Return the mask of a job, white = hole."""
    return JOBS / "masks" / f"{row['name']}.png"


def main() -> None:
    """Take the order as JSON from the command line, fill, and write seconds and notes beside the pictures."""
    order = json.loads(sys.argv[1])
    folder = Path(order["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    fill = freefill.Inpainter(order["engine"])
    made = {}
    for row in rows(order["half"], tuple(order["names"])):
        start = time.perf_counter()
        result = fill(str(photo(row)), str(mask(row)), **order["options"])
        seconds = time.perf_counter() - start
        result.save(folder / f"{row['name']}.png")
        made[row["name"]] = {"seconds": round(seconds, 3), "notes": list(result.notes)}
        print(f"{row['name']:<20} {seconds:6.2f} s  {result.notes[-1] if result.notes else ''}", flush=True)
    (folder / "made.json").write_text(json.dumps({"freefill": str(Path(freefill.__file__).parent), "jobs": made}))


if __name__ == "__main__":
    main()
