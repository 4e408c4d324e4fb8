"""When a lease was given or renewed: one from before the clock went back is over."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_TABLES = ("jobs", "teachers", "estimates")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("lease_from", _TIME))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "lease_from")
