"""Picture files for tests, made by other people's writers: Pillow, tifffile, OpenCV, and by hand."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin

SIZE = (37, 53)


def pixels(channels: int, dtype: Any = np.uint8, size: tuple[int, int] = SIZE) -> NDArray[Any]:
    """Return something like a photograph: a slope with a disc and a little noise."""
    rng = np.random.default_rng(channels)
    rows, cols = np.mgrid[0 : size[0], 0 : size[1]] / max(size)
    planes = [0.2 + 0.6 * (rows * (k + 1) / 4 + cols * (4 - k) / 5) / 1.5 for k in range(channels)]
    image = np.stack(planes, -1) + rng.normal(0, 0.02, (*size, channels))
    image[(rows - 0.3) ** 2 + (cols - 0.4) ** 2 < 0.03] *= 0.4
    image = np.clip(image, 0, 1)
    if np.issubdtype(dtype, np.integer):
        return np.rint(image * np.iinfo(dtype).max).astype(dtype)
    return image.astype(dtype)


def pil(mode: str) -> Image.Image:
    """Return a Pillow image of a mode."""
    if mode == "1":
        return Image.fromarray(pixels(1)[:, :, 0] > 110)
    if mode in ("P", "PT"):
        image = Image.fromarray(pixels(3)).quantize(23)
        if mode == "PT":
            image.info["transparency"] = bytes([0, 90, 255, 255, 3])
        return image
    if mode == "CMYK":
        return Image.frombytes("CMYK", (SIZE[1], SIZE[0]), pixels(4).tobytes())
    if mode.startswith("I;16"):
        return Image.fromarray(pixels(1, np.uint16)[:, :, 0])
    count = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[mode]
    array = pixels(count)
    if mode.endswith("A"):
        array[:9, :, -1] = 0
        array[9:20, :, -1] = 255
    return Image.fromarray(array[:, :, 0] if count == 1 else array)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    """Return what Pillow writes."""
    out = io.BytesIO()
    if "transparency" in image.info:
        options.setdefault("transparency", image.info["transparency"])
    image.save(out, format, **options)
    return out.getvalue()


def tiff(channels: int, dtype: Any = np.uint8, alpha: str | None = None, **options: Any) -> bytes:
    """Return what tifffile writes."""
    out = io.BytesIO()
    array = pixels(channels, dtype)
    order = options.pop("byteorder", "<")
    big = options.pop("bigtiff", False)
    if options.get("planarconfig") == "separate":
        array = np.ascontiguousarray(array.transpose(2, 0, 1))
    elif channels == 1:
        array = array[:, :, 0]
    if alpha is not None:
        options["extrasamples"] = [alpha]
    with tifffile.TiffWriter(out, byteorder=order, bigtiff=big) as writer:
        photometric = "rgb" if channels >= 3 else "minisblack"
        writer.write(array, photometric=options.pop("photometric", photometric), metadata=None, **options)
    return out.getvalue()


def by_opencv(ending: str, channels: int, *flags: int) -> bytes:
    """Return what OpenCV writes of 16 bits a channel."""
    array = pixels(channels, np.uint16)
    code = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(channels)
    done, data = cv2.imencode(ending, array if code is None else cv2.cvtColor(array, code), list(flags))
    assert done
    return data.tobytes()


def png_by_hand(array: NDArray[Any], colour: int, extra: bytes = b"") -> bytes:
    """Return a PNG packed the plainest way: no filters, one block."""
    height, width = array.shape[:2]
    depth = 8 * array.dtype.itemsize
    raw = array.astype(array.dtype.newbyteorder(">")).reshape(height, -1)
    lines = b"".join(b"\0" + line.tobytes() for line in raw)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@cache
def srgb_profile() -> bytes:
    """Return a small sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation: int = 1) -> bytes:
    """Return an EXIF block with maker, orientation, and an inner directory."""
    block = Image.Exif()
    block[271] = "freefill camera"
    block[0x0112] = orientation
    block[0x8769] = {36867: "2024:01:02 03:04:05", 0xA002: SIZE[1], 0xA003: SIZE[0]}
    return block.tobytes()


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


def _texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "a slope")
    info.add_text("Long", "much " * 40, zip=True)
    info.add_itxt("Author", "Zoë 写", "en", "Author")
    return info


PNG_MODES = ("1", "L", "LA", "P", "PT", "RGB", "RGBA", "I;16")

LOSSLESS: dict[str, Callable[[], bytes]] = {
    **{f"png-{mode}": (lambda mode=mode: saved(pil(mode), "PNG")) for mode in PNG_MODES},
    "png-RGB16": lambda: by_opencv(".png", 3),
    "png-RGBA16": lambda: by_opencv(".png", 4),
    "png-LA16": lambda: png_by_hand(pixels(2, np.uint16), 4),
    "png-RGB-key": lambda: png_by_hand(pixels(3), 2, chunk(b"tRNS", struct.pack(">3H", *pixels(3)[5, 5].tolist()))),
    "png-L-key": lambda: png_by_hand(pixels(1), 0, chunk(b"tRNS", struct.pack(">H", int(pixels(1)[5, 5, 0])))),
    "png-RGB16-key": lambda: png_by_hand(
        pixels(3, np.uint16), 2, chunk(b"tRNS", struct.pack(">3H", *pixels(3, np.uint16)[5, 5].tolist()))
    ),
    "png-text": lambda: saved(pil("RGB"), "PNG", pnginfo=_texts(), dpi=(300, 300), icc_profile=srgb_profile()),
    **{f"bmp-{mode}": (lambda mode=mode: saved(pil(mode), "BMP")) for mode in ("1", "L", "P", "RGB")},
    "gif-P": lambda: saved(pil("P"), "GIF"),
    "webp-RGB": lambda: saved(pil("RGB"), "WEBP", lossless=True),
    "webp-RGBA": lambda: saved(pil("RGBA"), "WEBP", lossless=True, exact=True),
    **{
        f"tiff-{dtype.__name__}-{channels}-{name}": (lambda c=channels, d=dtype, o=options: tiff(c, d, **o))
        for dtype in (np.uint8, np.uint16, np.float32)
        for channels in (1, 3, 4)
        for name, options in {
            "little": {},
            "big-deflate": {"byteorder": ">", "compression": "zlib", "predictor": dtype != np.float32},
            "tiles": {"tile": (16, 16), "compression": "zlib"},
        }.items()
        for options in ({**options, **({"alpha": "unassalpha"} if channels == 4 else {})},)
    },
    "tiff-uint16-3-planes": lambda: tiff(3, np.uint16, planarconfig="separate", rowsperstrip=5),
    "tiff-uint8-3-planes-tiles": lambda: tiff(3, planarconfig="separate", tile=(16, 32), byteorder=">"),
    "tiff-bigtiff": lambda: tiff(3, np.uint16, bigtiff=True),
    "tiff-premultiplied": lambda: tiff_premultiplied(),
    "tiff-white-is-zero": lambda: tiff(1, photometric="miniswhite"),
    "tiff-float64": lambda: tiff(3, np.float64),
    "tiff-RGB16-lzw": lambda: by_opencv(".tif", 3, cv2.IMWRITE_TIFF_COMPRESSION, 5),
    "tiff-RGBA16-lzw": lambda: by_opencv(".tif", 4, cv2.IMWRITE_TIFF_COMPRESSION, 5),
    **{
        f"tiff-{mode}-{packing}": (lambda m=mode, p=packing: saved(pil(m), "TIFF", compression=p))
        for mode, packing in (
            ("RGB", "tiff_lzw"), ("RGB", "packbits"), ("RGB", "zstd"), ("RGB", "lzma"), ("L", "tiff_lzw"),
            ("P", "tiff_lzw"), ("CMYK", "tiff_lzw"), ("LA", "tiff_lzw"), ("I;16", "tiff_lzw"), ("1", "group4"),
            ("1", "raw"), ("RGBA", "tiff_adobe_deflate"),
        )
    },
}  # fmt: skip

LOSSY: dict[str, Callable[[], bytes]] = {
    "jpeg-420": lambda: saved(pil("RGB"), "JPEG", quality=80, subsampling=2),
    "jpeg-422": lambda: saved(pil("RGB"), "JPEG", quality=90, subsampling=1, progressive=True),
    "jpeg-444": lambda: saved(pil("RGB"), "JPEG", quality=95, subsampling=0, dpi=(240, 240)),
    "jpeg-rgb": lambda: saved(pil("RGB"), "JPEG", quality=95, keep_rgb=True),
    "jpeg-L": lambda: saved(pil("L"), "JPEG", quality=60),
    "jpeg-CMYK": lambda: saved(pil("CMYK"), "JPEG", quality=90),
    "jpeg-all": lambda: saved(
        pil("RGB"), "JPEG", exif=exif(6), icc_profile=srgb_profile(), xmp=XMP, comment=b"a comment", dpi=(72, 72)
    ),
    "webp-lossy": lambda: saved(pil("RGB"), "WEBP", quality=70),
    "webp-lossy-alpha": lambda: saved(pil("RGBA"), "WEBP", quality=70),
    "tiff-jpeg": lambda: saved(pil("RGB"), "TIFF", compression="jpeg"),
    "avif": lambda: saved(pil("RGB"), "AVIF", quality=60),
}

EVERY = {**LOSSLESS, **LOSSY}


def tiff_premultiplied() -> bytes:
    """Return a TIFF whose colours are multiplied by alpha."""
    array = pixels(4)
    array[:, :, 3] = np.linspace(0, 255, SIZE[1]).astype(np.uint8)
    array[:, :, :3] = (array[:, :, :3].astype(int) * array[:, :, 3:] // 255).astype(np.uint8)
    out = io.BytesIO()
    tifffile.imwrite(out, array, photometric="rgb", extrasamples=["assocalpha"], metadata=None)
    return out.getvalue()


@cache
def file(name: str) -> bytes:
    """Return the bytes of one of the files above."""
    return EVERY[name]()
