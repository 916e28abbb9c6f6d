"""A seeded permutation of 0 to n - 1 that holds no list: a Feistel network walked until it falls below n."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

__all__ = ["Permutation"]

_ROUNDS = 4


@dataclass(frozen=True)
class Permutation:
    """A pseudo-random order of `size` indices, the same for the same seed.

    Any place can be asked for, in constant memory. A Feistel network of four rounds permutes the numbers of an even
    count of bits (Luby and Rackoff, doi:10.1137/0217022); numbers from `size` on are sent through it again.
    """

    size: int
    seed: str

    def __getitem__(self, place: int) -> int:
        """Return the index at a place; `IndexError` outside 0 to size - 1."""
        if not 0 <= place < self.size:
            raise IndexError(place)
        half = max(1, (max(self.size - 1, 1).bit_length() + 1) // 2)
        value = place
        while True:
            value = self._scrambled(value, half)
            if value < self.size:
                return value

    def _scrambled(self, value: int, half: int) -> int:
        mask = (1 << half) - 1
        left, right = value >> half, value & mask
        for number in range(_ROUNDS):
            digest = blake2b(f"{self.seed}/{number}/{right}".encode(), digest_size=8).digest()
            left, right = right, left ^ (int.from_bytes(digest, "little") & mask)
        return left << half | right
