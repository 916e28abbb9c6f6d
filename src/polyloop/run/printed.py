"""What a call prints: a file that all its programs write to, and that is kept small while they do."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["LOG_LENGTH", "PrintedFile"]

# Bytes that are kept of what a call has printed: as many of its beginning, and of its end.
LOG_LENGTH = 8000

# Bytes that the file may grow to between two looks at it.
_LARGEST = 1_000_000


class PrintedFile:
    """The log of one worker. Its writers append (O_APPEND), so that it can be emptied under them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head, self._tail, self._dropped = b"", b"", 0

    def begin(self) -> None:
        """Forget what the call before has printed."""
        self._head, self._tail, self._dropped = b"", b"", 0

    def shorten(self) -> None:
        """Keep the two ends alone, where the file has grown large."""
        try:
            if self.path.stat().st_size <= _LARGEST:
                return
            with self.path.open("r+b") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(0)
                if not self._dropped:
                    self._head = stream.read(LOG_LENGTH)
                stream.seek(-LOG_LENGTH, os.SEEK_END)
                self._tail = stream.read(LOG_LENGTH)
                # What is written between these two lines is lost; it is of the middle.
                stream.truncate(0)
            self._dropped += size
        except FileNotFoundError:  # its worker died before it could make one
            return

    def text(self) -> str:
        """Return what was printed: all of it, or its beginning and its end."""
        try:
            with self.path.open("rb") as stream:
                size = stream.seek(0, os.SEEK_END)
                stream.seek(0)
                head = self._head if self._dropped else stream.read(LOG_LENGTH)
                stream.seek(max(0, size - LOG_LENGTH) if self._dropped else max(len(head), size - LOG_LENGTH))
                tail = (self._tail + stream.read(LOG_LENGTH))[-LOG_LENGTH:]
        except FileNotFoundError:
            return ""
        left_out = self._dropped + size - len(head) - len(tail)
        between = f"\n[... {left_out} bytes left out ...]\n".encode() if left_out > 0 else b""
        return (head + between + tail).decode(errors="replace")

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
