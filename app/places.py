"""Places for requests that take a while, of which one API key may have half.

Taken and given back on the event loop alone, so nothing here needs a lock.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.problems import TooMany


class Places:
    """So many places of a process.

    Attributes:
        total: how many there are.
        taken: how many of them are taken.
    """

    def __init__(self, total: int, use: str) -> None:
        """Has every place free.

        Args:
            total: how many there are.
            use: what they are for, as in "3 uploads come in already".
        """
        self.total = total
        self.taken = 0
        self._use = use
        self._of_key: Counter[str] = Counter()

    def expect_one(self, owner: str | None) -> None:
        """Checks that there is a place for a key; without one any that is free.

        Raises:
            TooMany: all are taken, or the key has half of them (rounded up).
        """
        if self.taken >= self.total:
            raise TooMany(f"{self.total} {self._use} already, which is all that may")
        most = -(-self.total // 2)
        if owner and self._of_key[owner] >= most:
            raise TooMany(f"{most} {self._use} for your key already, which is all that may for one")

    @contextmanager
    def take(self, owner: str | None) -> Iterator[None]:
        """Takes a place until the end of the block.

        Raises:
            TooMany: as `expect_one`.
        """
        self.expect_one(owner)
        self.taken += 1
        if owner:
            self._of_key[owner] += 1
        try:
            yield
        finally:
            self.taken -= 1
            if owner:
                self._of_key[owner] -= 1
                self._of_key += Counter()  # keys without a place are forgotten
