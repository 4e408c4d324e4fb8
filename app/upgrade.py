"""Brings the database's tables to the newest revision: `python -m app.upgrade [--json]`."""

import json
import os
import sys

from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from app.database import Database
from app.exit_code import exit_code
from app.problems import NotReady
from app.settings import Settings
from app.tables import REVISION

# Settings that can't be used, drivers and folders that aren't there, a database that says no.
_UNUSABLE = (NotReady, ValueError, ImportError, OSError, SQLAlchemyError, CommandError)


def main() -> None:
    """Upgrades the database that the settings name; ends with a clear line when it can't."""
    try:
        database = Database(Settings.from_environment(os.environ).database_url)
        database.upgrade()
    except _UNUSABLE as error:
        sys.stderr.write(f"stillhouse db upgrade: {error}\n".replace("\n", " ").strip() + "\n")
        sys.exit(exit_code(error))
    database.close()
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps({"revision": REVISION}) + "\n")


if __name__ == "__main__":
    main()
