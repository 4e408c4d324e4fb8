"""How a trial's accuracy grew, and by what its first weights were chosen.

Trials before this revision have neither. To stop hopeless trials became the default with it: the
jobs on record were asked for when all were trained to the end, and go on as they began.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("trials", sa.Column("curve", _JSON))
    op.add_column("trials", sa.Column("criterion", sa.Text()))
    _change_searches({"stopping": "none"})


def downgrade() -> None:
    """Cancels the trials that were stopped: there was no such state before."""
    op.execute("UPDATE trials SET state = 'cancelled' WHERE state = 'stopped'")
    op.drop_column("trials", "criterion")
    op.drop_column("trials", "curve")
    _change_searches({})


def _change_searches(added: dict[str, str]) -> None:
    """Gives the searches on record these fields instead of those of this revision."""
    jobs = sa.table("jobs", sa.column("id", sa.String(32)), sa.column("request", _JSON))
    connection = op.get_bind()
    for job_id, request in connection.execute(sa.select(jobs.c.id, jobs.c.request)).all():
        known = request.get("search", {}).items()
        search = {name: value for name, value in known if name != "stopping"} | added
        changed = request | {"search": search}
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(request=changed))
