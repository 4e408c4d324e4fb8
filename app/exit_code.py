"""What our programs exit with when they can't do what they are told."""

from app.settings import SettingsError

FAILED = 1
_WRONG_USAGE = 2


class WrongUsage(ValueError):
    """Raised when a program's arguments can't be used; the message says why."""


def exit_code(error: BaseException) -> int:
    """Returns 2 for what was typed or set wrongly, and 1 for all that is wrong elsewhere."""
    return _WRONG_USAGE if isinstance(error, WrongUsage | SettingsError) else FAILED
