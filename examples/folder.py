"""Fill every photograph of a folder with the mask of the same name; those that fail are named, the others are done.

python examples/folder.py photos/ masks/ filled/

`freefill batch photos/ masks/ -o filled/` does the same with several processes, and goes on where it was interrupted.
This program shows what to start from when the loop must be your own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import freefill


def main(photos: str, masks: str, target: str) -> int:
    """Return how many failed."""
    Path(target).mkdir(parents=True, exist_ok=True)
    failed = 0
    with freefill.Inpainter() as fill:  # engines are loaded once, not for every picture
        for photo in sorted(path for path in Path(photos).iterdir() if path.is_file()):
            try:
                result = fill(photo, Path(masks) / f"{photo.stem}.png", grow="3%", seed=1)
                result.save(Path(target) / photo.name)
            except freefill.FreefillError as error:
                failed += 1
                print(error, file=sys.stderr)
            else:
                print(f"{photo.name}: {result.plan.hole_px:,} px filled by {result.plan.engine}")
    return failed


if __name__ == "__main__":
    raise SystemExit(min(main(*sys.argv[1:]), 1))
