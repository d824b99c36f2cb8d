"""Have a running service fill a photograph, without freefill on this machine: httpx is all that it needs.

freefill serve
python examples/service_client.py http://127.0.0.1:8765 photo.jpg mask.png out.jpg
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import httpx


def main(address: str, photo: str, mask: str, target: str) -> None:
    """Send a job, wait for it, and keep what comes back."""
    token = os.environ.get("FREEFILL_TOKEN")  # a service for others asks for one
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
        # respond-async: the answer comes at once, so no proxy on the way gives up on a long fill.
        answer = client.post(
            "/api/v1/inpaint",
            files={"image": Path(photo).read_bytes(), "mask": Path(mask).read_bytes()},
            data={"grow": "3%"},
            headers={"Prefer": "respond-async"},
        )
        if answer.status_code == 429:  # the queue is full, and this says for how long
            raise SystemExit(f"the service is busy; try again in {answer.headers['Retry-After']} s")
        if answer.is_error:
            raise SystemExit(answer.json()["detail"])
        job = answer.headers["Location"]
        while (told := client.get(job).json())["status"] in ("waiting", "running"):
            time.sleep(0.2)
        if told["status"] != "done":
            raise SystemExit(told["error"])
        Path(target).write_bytes(client.get(told["answer"]["file"]).raise_for_status().content)
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
