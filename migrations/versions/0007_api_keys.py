"""API keys, and whose a row is; the rows on record were made without a key and are nobody's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.String(32)
_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_LISTED = ("jobs", "datasets", "embeddings", "teachers")
_OWNED = (*_LISTED, "students", "estimates")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("scopes", _JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME),
        sa.Column("revoked_at", _TIME),
        sa.Column("last_used_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("name", name="uq_api_keys_name"),
        sa.UniqueConstraint("sha256", name="uq_api_keys_sha256"),
    )
    for table in _OWNED:
        op.add_column(table, sa.Column("owner", _ID))
    for table in _LISTED:
        op.create_index(f"ix_{table}_owner_created_at_id", table, ["owner", "created_at", "id"])
    is_held = sa.text("lease_owner IS NOT NULL")
    op.create_index(
        "ix_jobs_held", "jobs", ["owner"], sqlite_where=is_held, postgresql_where=is_held
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_held", "jobs")
    for table in _LISTED:
        op.drop_index(f"ix_{table}_owner_created_at_id", table)
    for table in _OWNED:
        op.drop_column(table, "owner")
    op.drop_table("api_keys")
