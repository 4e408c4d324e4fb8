"""The home: the folder of everything that is kept on this machine."""

from contextlib import suppress
from pathlib import Path

FOR_ITS_USER_ALONE = 0o700  # what everybody's keys uploaded is in it


def make_home(home: Path) -> None:
    """Makes a home, closed to the machine's other users, if there is none; else leaves it as it is.

    Where it can't be made, it is told when something is to be kept there, if that ever is.
    """
    with suppress(OSError):
        home.mkdir(mode=FOR_ITS_USER_ALONE, parents=True, exist_ok=True)
