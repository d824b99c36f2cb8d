"""Data sets as they lie on disk: plain folders, Places2 and CelebA-HQ, COCO, and triplets of removal benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from freefill.errors import InputError

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
# Where the sets keep the pictures that papers measure on; the first that is there is read.
_KNOWN = ("val_large", "val_256", "data_large/val", "val2017", "CelebAMask-HQ/CelebA-HQ-img", "celeba_hq/val",
          "img_align_celeba")  # fmt: skip
_PICTURES = ("image", "images", "input", "inputs", "raw", "original", "img", "I")
_MASKS = ("mask", "masks", "M", "region")
_TRUTHS = ("background", "backgrounds", "gt", "truth", "target", "clean", "B", "bg")


@dataclass(frozen=True)
class Item:
    """One picture of a set.

    Attributes
    ----------
    name : unique in the set, the path without its ending
    picture : with the thing in it, where `mask` is given; else the truth itself
    mask : of its own, or None
    truth : the same view without the thing, or None where nobody knows it
    """

    name: str
    picture: Path
    mask: Path | None = None
    truth: Path | None = None


def read_set(folder: Path, *, own_masks: bool, limit: int | None = None) -> list[Item]:
    """List a folder's pictures in order of their names.

    Parameters
    ----------
    folder : plain pictures at any depth; or a known set's root; or, for `own_masks`, folders image/mask/background, or
        one folder a case with `raw` and `mask` in it, or pairs NAME.jpg and NAME_mask.png
    own_masks : every picture brings its own mask
    limit : the first so many

    Raises
    ------
    InputError
        If the folder is not there or holds nothing that fits.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    items = _with_masks(folder) if own_masks else _plain(folder)
    if not items:
        wanted = "pictures with masks (folders image and mask, or NAME and NAME_mask)" if own_masks else "pictures"
        raise InputError(f"{folder}: holds no {wanted}")
    return items[:limit]


def _plain(folder: Path) -> list[Item]:
    root = next((folder / name for name in _KNOWN if (folder / name).is_dir()), folder)
    return [Item(path.relative_to(root).with_suffix("").as_posix(), path) for path in _files(root)]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file())


def _with_masks(folder: Path) -> list[Item]:
    pictures, masks = _named(folder, _PICTURES), _named(folder, _MASKS)
    if pictures is not None and masks is not None:
        truths = _named(folder, _TRUTHS)
        by_name = {path.stem: path for path in _files(masks)}
        backs = {path.stem: path for path in _files(truths)} if truths is not None else {}
        found = [(path, _partner(by_name, path.stem)) for path in _files(pictures)]
        return [Item(path.stem, path, mask, backs.get(path.stem)) for path, mask in found if mask is not None]
    cases = sorted(path.parent for path in folder.rglob("mask.*") if path.suffix.lower() in ENDINGS)
    items = []
    for case in cases:
        raw = next((path for path in _files(case) if path.stem == "raw"), None)
        mask = next(path for path in sorted(case.glob("mask.*")))
        used = case / "mask_used.png"
        if raw is not None:
            items.append(Item(case.relative_to(folder).as_posix(), raw, used if used.is_file() else mask))
    if items:
        return items
    every = {path.with_suffix("").relative_to(folder).as_posix(): path for path in _files(folder)}
    return [Item(name, path, every[f"{name}_mask"]) for name, path in every.items() if f"{name}_mask" in every]


def _named(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_dir()), None)


def _partner(masks: dict[str, Path], stem: str) -> Path | None:
    # NAME_mask001 is how LaMa's own scripts write masks.
    return next((masks[name] for name in (stem, f"{stem}_mask", f"{stem}_mask001") if name in masks), None)
