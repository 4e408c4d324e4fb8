import errno

import pytest
from ray.exceptions import RaySystemError
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from workers.surroundings import is_of_surroundings

CAUSE = Exception("cause")


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("", {}, CAUSE),
        InterfaceError("", {}, CAUSE),
        DBAPIError("", {}, CAUSE, connection_invalidated=True),
        PoolTimeout(),
        RaySystemError(CAUSE),
        ConnectionResetError(),
        TimeoutError(),
        OSError(errno.EIO, "input/output error"),
        OSError(errno.ENOSPC, "no space left"),
    ],
)
def test_what_may_pass_is_of_the_surroundings(error: Exception) -> None:
    assert is_of_surroundings(error)


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("", {}, CAUSE),
        DataError("", {}, CAUSE),
        StatementError("", "", {}, CAUSE),
        PermissionError(errno.EACCES, "refused"),
        FileNotFoundError(errno.ENOENT, "gone"),
        OSError("without a number"),
        ValueError(),
    ],
)
def test_what_would_come_again_is_not(error: Exception) -> None:
    assert not is_of_surroundings(error)
