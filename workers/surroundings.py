"""Tells broken surroundings, which may be whole again soon, from faults that would come again."""

from __future__ import annotations

import errno

from ray.exceptions import RayError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_BROKEN = (OperationalError, InterfaceError, PoolTimeout, RayError, ConnectionError, TimeoutError)
# What disks and object stores answer while they are full, busy, away or overloaded.
_PASSING = frozenset(
    {
        errno.EAGAIN,
        errno.EBUSY,
        errno.EDQUOT,
        errno.EHOSTUNREACH,
        errno.EINTR,
        errno.EIO,
        errno.EMFILE,
        errno.ENETUNREACH,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOSPC,
        errno.ENOTCONN,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)


def is_of_surroundings(error: Exception) -> bool:
    """Whether the database, the storage or the cluster is away, rather than the job at fault.

    A refused permission, a violated constraint or a value that doesn't fit its column would meet
    every coordinator that takes the job: they are no such thing.
    """
    if isinstance(error, _BROKEN):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    return isinstance(error, OSError) and error.errno in _PASSING
