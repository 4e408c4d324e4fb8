"""What the surrogate makes of each job's search; of the jobs there are already nothing is known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "job_surrogates",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("outlook", _JSON, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_surrogates_job_id_jobs"),
        sa.PrimaryKeyConstraint("job_id", name="pk_job_surrogates"),
    )


def downgrade() -> None:
    op.drop_table("job_surrogates")
