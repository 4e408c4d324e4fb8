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


# What requests of this revision say of training; the one before knows none of it.
_TRAINING = ("hard_labels", "label_smoothing", "ema", "gamma_l1")


def upgrade() -> None:
    op.add_column("trials", sa.Column("curve", _JSON))
    op.add_column("trials", sa.Column("criterion", sa.Text()))
    for table in ("jobs", "estimates"):
        _change_requests(table, {"stopping": "none"})


def downgrade() -> None:
    """Cancels the trials that were stopped: there was no such state before.

    A job by the strategy `adapruner`, which wasn't there either, becomes one of `embedding`.
    """
    op.execute("UPDATE trials SET state = 'cancelled' WHERE state = 'stopped'")
    op.drop_column("trials", "criterion")
    op.drop_column("trials", "curve")
    for table in ("jobs", "estimates"):
        _change_requests(table, {})


def _change_requests(table: str, added: dict[str, str]) -> None:
    """Gives the searches on record these fields, and takes what only this revision knows."""
    rows = sa.table(table, sa.column("id", sa.String(32)), sa.column("request", _JSON))
    connection = op.get_bind()
    for row_id, request in connection.execute(sa.select(rows.c.id, rows.c.request)).all():
        search = {x: y for x, y in request.get("search", {}).items() if x != "stopping"} | added
        if search.get("strategy") == "adapruner":
            search["strategy"] = "embedding"
        training = {x: y for x, y in request.get("training", {}).items() if x not in _TRAINING}
        changed = request | {"search": search} | ({"training": training} if training else {})
        connection.execute(sa.update(rows).where(rows.c.id == row_id).values(request=changed))
