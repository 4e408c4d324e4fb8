"""What a trial's result depends on, and the trial of another job that it was taken over from.

Trials before this revision have no recipe on record: nothing is taken over from them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trials", sa.Column("recipe_hash", sa.String(64)))
    op.add_column("trials", sa.Column("reused_job", sa.String(32)))
    op.add_column("trials", sa.Column("reused_trial", sa.BigInteger()))
    op.create_index("ix_trials_recipe_hash_hash", "trials", ["recipe_hash", "hash"])
