"""How Alembic reaches the database: by the connection it was handed, or by the settings."""

import os

from alembic import context
from sqlalchemy import Connection

from app.database import Database
from app.settings import Settings
from app.tables import Table


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


def _connect_and_migrate() -> None:
    database = Database(Settings.from_environment(os.environ).database_url)
    try:
        with database.write() as session:
            _migrate(session.connection())
    finally:
        database.close()


handed: Connection | None = context.config.attributes.get("connection")
if handed is None:
    _connect_and_migrate()
else:
    _migrate(handed)
