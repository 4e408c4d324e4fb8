from importlib.resources import files

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import UniqueConstraint

from app.tables import REVISION, Table


def test_the_revision_is_the_newest_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_every_key_of_another_table_is_indexed_or_part_of_a_primary_key() -> None:
    for table in Table.metadata.sorted_tables:
        indexed = [[c.name for c in index.columns] for index in table.indexes]
        indexed += [[c.name for c in table.primary_key.columns]]
        indexed += [
            [c.name for c in constraint.columns]
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint)
        ]
        for key in table.foreign_key_constraints:
            columns = [column.name for column in key.columns]
            assert any(names[: len(columns)] == columns for names in indexed), (table, columns)
