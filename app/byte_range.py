"""Parts of a file, as `Range` asks for them (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

from app.problems import StillhouseError

_ONE = re.compile(r"bytes=\s*(?:([0-9]{1,18})\s*-\s*([0-9]{0,18})|-\s*([0-9]{1,18}))\s*")


class NoSuchPart(StillhouseError):
    """Raised when a part of a file is asked for that is behind its end."""

    status = 416
    type = "no-such-part"
    title = "The file has no such part"

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"the file has {size_bytes} bytes")
        self._size_bytes = size_bytes

    @property
    def headers(self) -> dict[str, str]:
        """The headers that the answer gets; one tells the file's size."""
        return super().headers | {"Content-Range": f"bytes */{self._size_bytes}"}


@dataclass(frozen=True)
class Part:
    """Some bytes of a file, from the one numbered `first` to the one numbered `last`."""

    first: int
    last: int

    @property
    def bytes(self) -> int:
        """How many they are."""
        return self.last - self.first + 1


def part_of(text: str | None, size_bytes: int) -> Part | None:
    """Returns the part that a `Range` asks for; None for the whole.

    What isn't understood, and several parts at once, get the whole, as the standard allows.

    Raises:
        NoSuchPart: the part is behind the end, or empty.
    """
    found = _ONE.fullmatch(text or "")
    if found is None:
        return None
    first, last, final = found.groups()
    if final is not None:
        part = Part(max(size_bytes - int(final), 0), size_bytes - 1)
    else:
        part = Part(int(first), min(int(last or size_bytes), size_bytes - 1))
        if last and int(last) < int(first):
            return None
    if part.bytes <= 0:
        raise NoSuchPart(size_bytes)
    return part
