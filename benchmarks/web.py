"""The page and the service: times, memory and bytes, and what becomes of requests when things go wrong.

    python benchmarks/web.py                 all parts, one after the other; half an hour on a quiet machine
    python benchmarks/web.py page plain      24 megapixels at a quarter of the processor, and the plain way
    python benchmarks/web.py load overhead   8 clients x 50 requests; what the service adds to freefill.inpaint
    python benchmarks/web.py kill leavers memory malformed

The page needs Debian's Chromium (apt-get install chromium).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import _fills as fills
import _web_malformed as malformed
import _web_page as page
import _web_service as service

PARTS: dict[str, Callable[[], Any]] = {
    "page": page.ours,
    "plain": page.plain,
    "load": service.load,
    "overhead": service.overhead,
    "kill": service.kill,
    "leavers": service.leavers,
    "memory": service.memory,
    "malformed": malformed.malformed,
}


def main() -> None:
    """Read the options and print what each part gives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all")
    chosen = parser.parse_args().parts or list(PARTS)
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        parser.error(f"{unknown[0]!r} is no part; all: {', '.join(PARTS)}")
    print(fills.processor())
    for name in chosen:
        print(f"\n{name}: {PARTS[name].__doc__}", flush=True)
        print(json.dumps(PARTS[name](), indent=1, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
