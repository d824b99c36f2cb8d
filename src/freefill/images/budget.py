"""What reading one file may take in memory beside its pixels, counted before it is taken."""

from __future__ import annotations

METADATA_BYTES = 64 << 20  # all texts, profiles, tags of a file together, unpacked


class Budget:
    """An allowance that all parts of one file share."""

    def __init__(self, size_bytes: int = METADATA_BYTES) -> None:
        self.left = size_bytes

    def take(self, size_bytes: int) -> bool:
        """Count so many bytes; False where they are more than is left, and then the rest is spent too.

        Spent, so that a thousand blocks that are each too large are not tried one after the other.
        """
        fits = size_bytes <= self.left
        self.left = self.left - size_bytes if fits else 0
        return fits
