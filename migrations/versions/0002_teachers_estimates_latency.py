"""Uploaded teachers, estimates, and the latency of teachers, trials and students.

Widths that are multiples of 8 became the default with this revision: the jobs on record were asked
for when every width was possible, and go on as they began.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_KEY = sa.String(300)
_STATE = sa.String(16)
_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    for table in ("job_teachers", "trials", "students"):
        op.add_column(table, sa.Column("latency_ms", sa.Double()))
    _keep_widths_of_known_jobs()
    _create_teachers()
    _create_estimates()


def _keep_widths_of_known_jobs() -> None:
    jobs = sa.table("jobs", sa.column("id", _ID), sa.column("request", _JSON))
    connection = op.get_bind()
    for job_id, request in connection.execute(sa.select(jobs.c.id, jobs.c.request)).all():
        search = {"round_to": 1} | request.get("search", {})
        changed = request | {"search": search}
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(request=changed))


def _create_teachers() -> None:
    op.create_table(
        "teachers",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("kind", _STATE, nullable=False),
        sa.Column("network", sa.Text()),
        sa.Column("files", _JSON, nullable=False),
        sa.Column("input_shape", _JSON),
        sa.Column("preprocessing", _JSON),
        sa.Column("summary", _JSON),
        sa.Column("error", _JSON),
        sa.Column("architecture_key", _KEY),
        sa.Column("weights_key", _KEY),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("checked_at", _TIME),
        *_lease(),
        sa.PrimaryKeyConstraint("id", name="pk_teachers"),
    )
    op.create_index("ix_teachers_created_at_id", "teachers", ["created_at", "id"])
    op.create_index("ix_teachers_state_created_at", "teachers", ["state", "created_at"])


def _create_estimates() -> None:
    op.create_table(
        "estimates",
        sa.Column("id", _ID, nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("request", _JSON, nullable=False),
        sa.Column("result", _JSON),
        sa.Column("error", _JSON),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME),
        *_lease(),
        sa.PrimaryKeyConstraint("id", name="pk_estimates"),
    )
    op.create_index("ix_estimates_state_created_at", "estimates", ["state", "created_at"])


def _lease() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", _TIME),
        sa.Column("fence", sa.BigInteger(), nullable=False),
    )
