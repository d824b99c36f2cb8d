"""Two versions of every job side by side, in hidden order: PNG files for any viewer, and a page that takes verdicts.

Pictures are looked at and not kept: no photograph of the data set enters the repository.
"""

from __future__ import annotations

import csv
import html
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import _jobs_verdicts as verdicts
import cv2
import numpy as np

MARGIN_PX = 48  # known pixels around the hole in a crop
TILE_PX = 1000  # a larger crop is cut into tiles, so that a viewer does not reduce it
WHOLE_PX = 1000  # longer side of the whole picture on the page
TYPES = {".html": "text/html; charset=utf-8", ".png": "image/png", ".csv": "text/csv; charset=utf-8"}


def read(path: Path) -> np.ndarray:
    """Return (H, W, 3) uint8 BGR."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise SystemExit(f"{path}: not there; fill the jobs first")
    return image


def tiles(hole: np.ndarray) -> list[tuple[slice, slice]]:
    """Return the places of the crops at 100 %: the hole and its surroundings, cut where they are large."""
    rows, cols = np.nonzero(hole.any(1))[0], np.nonzero(hole.any(0))[0]
    spans = []
    for first, last, size in ((rows[0], rows[-1], hole.shape[0]), (cols[0], cols[-1], hole.shape[1])):
        low, high = max(int(first) - MARGIN_PX, 0), min(int(last) + 1 + MARGIN_PX, size)
        count = -(-(high - low) // TILE_PX)
        spans.append(
            [slice(low + (high - low) * n // count, low + (high - low) * (n + 1) // count) for n in range(count)]
        )
    return [(r, c) for r in spans[0] for c in spans[1] if hole[r, c].any()]


def write_pair(folder: Path, name: str, before: np.ndarray, hole: np.ndarray, shown: dict[str, np.ndarray]) -> int:
    """Write NAME_before.png (with the hole's contour), NAME_x.png, NAME_y.png and crops; return how many crops."""
    contours, _ = cv2.findContours(hole.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    marked = cv2.drawContours(before.copy(), contours, -1, (255, 0, 255), max(1, round(max(hole.shape) / 1000)))
    places = tiles(hole)
    for side, image in {"before": marked, **shown}.items():
        ratio = min(WHOLE_PX / max(image.shape[:2]), 1)
        small = cv2.resize(image, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA) if ratio < 1 else image
        cv2.imwrite(str(folder / f"{name}_{side}.png"), small)
        for number, (rows, cols) in enumerate(places, 1):
            cv2.imwrite(str(folder / f"{name}_{side}_crop{number}.png"), image[rows, cols])
    return len(places)


def write_key(path: Path, order: dict[str, tuple[str, str]], commits: dict[str, str]) -> None:
    """Write which version is x and which is y; it lies outside the folder that the judge sees."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("name", "x", "y", "x_commit", "y_commit"))
        for name, (x, y) in order.items():
            table.writerow((name, x, y, commits[x], commits[y]))


def write_page(folder: Path, jobs: list[dict[str, str]], crops: dict[str, int]) -> Path:
    """Write index.html: one section for each job; verdicts go to the server, or into a file where none listens."""
    sections = "".join(_section(job, crops[job["name"]]) for job in jobs)
    page = folder / "index.html"
    page.write_text(PAGE.replace("SECTIONS", sections).replace("FIELDS", json.dumps(verdicts.FIELDS)))
    return page


def _section(job: dict[str, str], crops: int) -> str:
    name = html.escape(job["name"])
    rows = [
        f"<h2>{name}</h2><p>{html.escape(job['kind'])}. A good result: {html.escape(job['note'])}</p>"
        f"<form data-name={name}>"
    ]
    for part in ("", *(f"_crop{n}" for n in range(1, crops + 1))):
        rows.append(
            "<div>"
            + "".join(f'<img loading=lazy src="{name}_{s}{part}.png" alt="{s}">' for s in ("before", "x", "y"))
            + "</div>"
        )
    for side in ("x", "y"):
        choices = " ".join(
            f"<label><input type=radio name={side} value={v} required>{v}</label>" for v in verdicts.VERDICTS
        )
        rows.append(
            f"<p><b>{side}</b> {choices} <input name={side}_tag placeholder=tag size=14>"
            f"<input name={side}_reason placeholder=reason size=60></p>"
        )
    choices = " ".join(f"<label><input type=radio name=better value={v} required>{v}</label>" for v in verdicts.BETTER)
    return "".join(rows) + f"<p><b>better</b> {choices} <button>store</button> <output></output></p></form>"


def serve(folder: Path, port: int) -> None:
    """Serve the page on this machine only, and store each verdict in verdicts.csv as it comes."""
    names = {path.name[: -len("_before.png")] for path in folder.glob("*_before.png")}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = folder / (self.path.strip("/") or "index.html")
            if path.parent != folder or path.suffix not in TYPES or not path.is_file():
                self.send_error(404)
                return
            self._answer(200, path.read_bytes(), TYPES[path.suffix])

        def do_POST(self) -> None:
            verdict = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            wrong = verdicts.check(verdict, names)
            if not wrong:
                verdicts.store(folder / "verdicts.csv", verdict)
            self._answer(400 if wrong else 200, (wrong or "stored").encode(), "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        print(f"http://127.0.0.1:{server.server_port}/ (Ctrl-C ends it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print(f"verdicts: {folder / 'verdicts.csv'}")


PAGE = """<!doctype html><meta charset=utf-8><title>Two versions, hidden order</title>
<style>body{font:14px sans-serif;background:#222;color:#eee;margin:16px}img{margin:2px;vertical-align:top}
div{white-space:nowrap;overflow:auto}label{margin-right:8px}</style>
<h1>Which of the two would a person accept?</h1>
<p>Left: before, with the contour of what is removed. Accept: nothing found at a normal look, nothing ugly at 100 %.
<button id=save>download verdicts.csv</button></p>
SECTIONS
<script>
const fields = FIELDS, given = {};
document.querySelectorAll("form").forEach(form => form.addEventListener("submit", async event => {
  event.preventDefault();
  const verdict = {name: form.dataset.name, ...Object.fromEntries(new FormData(form))};
  given[verdict.name] = verdict;
  const say = form.querySelector("output");
  try {
    const answer = await fetch("/", {method: "POST", body: JSON.stringify(verdict)});
    say.textContent = await answer.text();
  } catch { say.textContent = "kept on this page: no server listens, download at the end"; }
}));
document.getElementById("save").onclick = () => {
  const quote = text => '"' + String(text ?? "").replaceAll('"', '""') + '"';
  const lines = [fields.join(","), ...Object.values(given).map(v => fields.map(f => quote(v[f])).join(","))];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([lines.join("\\n") + "\\n"], {type: "text/csv"}));
  link.download = "verdicts.csv";
  link.click();
};
</script>
"""
