"""What became of a trial's earlier attempts; of trials before this revision nothing is known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("trials", sa.Column("lost_attempts", _JSON))


def downgrade() -> None:
    op.drop_column("trials", "lost_attempts")
