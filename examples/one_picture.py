"""Remove one thing from one photograph.

python examples/one_picture.py photo.jpg mask.png out.jpg
"""

from __future__ import annotations

import sys

import freefill


def main(photo: str, mask: str, target: str) -> None:
    """Fill the white part of the mask, say how it went, and save."""
    try:
        # Masks are often a little too tight: a rim of the thing would be left, and copied into the fill.
        result = freefill.inpaint(photo, mask, grow="3%", feather="1%")
    except freefill.FreefillError as error:  # one line: what is wrong, where, and what to do about it
        raise SystemExit(str(error)) from None
    result.save(target)  # in the photograph's own format, with its depth and metadata
    print(f"{target}: filled by {result.plan.engine} in {sum(result.seconds.values()):.1f} s")
    for note in result.notes:
        print(f"note: {note}")
    print(f"the diagnosis calls it {freefill.diagnose(photo, result.mask.hole, target).verdict}")


if __name__ == "__main__":
    main(*sys.argv[1:])
