"""Uploads that no honest client sends, for web.py."""

from __future__ import annotations

import random
import socket
import struct
import threading
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from _web_service import WAIT_S, ask, case, serving

Sent = tuple[dict[str, str], bytes]
FORM = {"Content-Type": "multipart/form-data; boundary=xx"}
FILE, MASK = 'name="image"; filename="a.png"', 'name="mask"; filename="m.png"'
SLOW = 20  # of them send a byte a second: half of them their head, half their body


def malformed(count: int = 1000) -> dict[str, Any]:
    """Uploads that no honest client sends; slow ones are cut off by the service's deadlines, two minutes at most."""
    rng = random.Random(1)
    image, mask = case(64)
    with serving() as served:
        parts = urlsplit(served.address)
        at = (str(parts.hostname), int(parts.port or 0))
        assert exchange(at, FORM, whole(image, mask)) == "ANSWERED 200", "what is not malformed is answered"
        kinds = (truncated, torn, lying, bomb, tricks, fields, heads, scribbled)
        made = [(kind.__name__, *kind(rng, image, mask)) for kind in (rng.choice(kinds) for _ in range(count - SLOW))]
        said: Counter[str] = Counter()
        slow = [
            threading.Thread(target=lambda part=part: said.update([f"slow {part}: {dribble(at, part)}"]))
            for part in 10 * ["head", "body"]
        ]
        for thread in slow:
            thread.start()
        with ThreadPoolExecutor(8) as pool:
            for (kind, _, _), what in zip(made, pool.map(lambda one: exchange(at, one[1], one[2]), made), strict=True):
                said[f"{kind}: {what}"] += 1
        for thread in slow:
            thread.join()
        said["afterwards, an honest one: " + str(ask(served.address, image, mask, engine="telea").status_code)] += 1
    return dict(sorted(said.items()))


def multipart(parts: list[tuple[str, bytes]], boundary: str = "xx") -> bytes:
    """A body; each part is its head and its content."""
    out = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n"
        for head, content in parts
    )
    return out + f"--{boundary}--\r\n".encode()


def whole(image: bytes, mask: bytes) -> bytes:
    """An honest body."""
    return multipart([(FILE, image), (MASK, mask)])


def truncated(rng: random.Random, image: bytes, mask: bytes) -> Sent:
    """Cut off anywhere, and honest about the length."""
    body = whole(image, mask)
    return FORM, body[: rng.randrange(len(body) - len(mask) // 2)]


def torn(rng: random.Random, image: bytes, mask: bytes) -> Sent:
    """A file that ends in its middle, or has bytes of another."""
    cut = rng.randrange(1, len(image) // 2)
    broken = rng.choice((image[:cut], image[cut:], rng.randbytes(len(image)), b"", image[:30] + rng.randbytes(200)))
    return FORM, whole(broken, mask) if rng.random() < 0.5 else whole(image, broken)


def lying(rng: random.Random, image: bytes, mask: bytes) -> Sent:
    """Says that it is something else."""
    kind = rng.choice(
        (
            "application/json",
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=yy",
            "application/x-www-form-urlencoded",
            "multipart/mixed; boundary=xx",
            "\u00ff",
        )
    )
    return {"Content-Type": kind}, whole(image, mask)


def bomb(rng: random.Random, image: bytes, mask: bytes) -> Sent:
    """A small file that says it is a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    side = rng.choice((20_000, 65_000, 2**31 - 1))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    content = b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1 << 20))) + chunk(b"IEND", b"")
    return FORM, whole(content, mask) if rng.random() < 0.7 else whole(image, content)


def tricks(rng: random.Random, image: bytes, mask: bytes) -> Sent:
    """Names that lead elsewhere, and a mask that is none of the words."""
    name = rng.choice(("../../etc/passwd", "/etc/passwd", "..\\..\\x", "a" * 5000, "%2e%2e%2f", "\x00"))
    return FORM, multipart(
        [
            (f'name="image"; filename="{name}"', image),
            ('name="word"', rng.choice((b"/etc/passwd", b"../x", b"people\x00", b"fol\xff"))),
        ]
    )


def fields(rng: random.Random, image: bytes, mask: bytes) -> Sent:
    """Settings that are none."""
    name, value = rng.choice(
        (
            ("seed", "-1"),
            ("seed", "1e9"),
            ("grow", "lots"),
            ("grow", "NaN%"),
            ("engine", "../x"),
            ("engine", "x" * 999),
            ("weights", "/etc/passwd"),
            ("format", "exe;"),
            ("invert", "perhaps"),
            ("max_mpx", "9999"),
            ("image", "text"),
        )
    )
    return FORM, multipart(
        [
            ('name="image"; filename="a.png"', image),
            ('name="mask"; filename="m.png"', mask),
            (f'name="{name}"', value.encode()),
        ]
    )


def heads(rng: random.Random, image: bytes, mask: bytes) -> Sent:
    """Heads that are too long, too many, or wrong."""
    more = rng.choice(
        (
            {"X": "a" * 100_000},
            {f"X-{n}": "b" * 40 for n in range(3000)},
            {"Content-Length": "99999999999"},
            {"Content-Length": "-5"},
            {"Content-Length": "ten"},
            {"Transfer-Encoding": "gzip, x"},
            {"Host": "evil.example"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        )
    )
    return FORM | more, whole(image, mask)


def scribbled(rng: random.Random, image: bytes, mask: bytes) -> Sent:
    """The heads of parts, with some bytes changed."""
    body = bytearray(multipart([('name="image"; filename="a.png"', b""), ('name="mask"', b"")]))
    for _ in range(rng.randrange(1, 20)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    return FORM, bytes(body)


def exchange(at: tuple[str, int], headers: dict[str, str], body: bytes) -> str:
    """Send it; return the kind of answer."""
    lines = {"Host": f"{at[0]}:{at[1]}", "Content-Length": str(len(body))} | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    try:
        with socket.create_connection(at, timeout=WAIT_S) as line:
            line.sendall(f"POST /api/v1/inpaint HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
            return verdict(line)
    except (ConnectionError, TimeoutError) as error:
        return "closed" if isinstance(error, ConnectionError) else "NO ANSWER"


def verdict(line: socket.socket) -> str:
    """Read an answer; what is neither a 4xx nor a closed line is in capitals."""
    answer = line.recv(4096)
    status = answer.split(b" ")[1].decode() if answer else "closed"
    return status if status == "closed" or status.startswith("4") else f"ANSWERED {status}"


def dribble(at: tuple[str, int], part: str) -> str:
    """Send a byte a second."""
    length = "Content-Length: 100000\r\n\r\n" if part == "body" else ""
    head = f"POST /api/v1/pictures HTTP/1.1\r\nHost: {at[0]}:{at[1]}\r\n{length or 'X: '}"
    try:
        with socket.create_connection(at, timeout=1.0) as line:
            line.sendall(head.encode())
            for _ in range(180):
                line.sendall(b"a")
                try:
                    return verdict(line)
                except TimeoutError:
                    continue
    except ConnectionError:
        return "closed"
    return "NO END"
