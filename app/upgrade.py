"""Brings the database's tables to the newest revision: `python -m app.upgrade`."""

import os
import sys

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from app.database import Database
from app.problems import NotReady
from app.settings import Settings

_CANNOT_UPGRADE = 1
# Settings that can't be used, drivers and folders that aren't there, a database that says no.
_UNUSABLE = (NotReady, ValueError, ImportError, OSError, SQLAlchemyError, CommandError)


def main() -> None:
    """Upgrades the database that the settings name; ends with a clear line when it can't."""
    try:
        database = Database(Settings.from_environment(os.environ).database_url)
        database.upgrade()
    except _UNUSABLE as error:
        sys.stderr.write(f"stillhouse db upgrade: {error}\n".replace("\n", " ").strip() + "\n")
        sys.exit(_CANNOT_UPGRADE)
    database.close()


if __name__ == "__main__":
    main()
