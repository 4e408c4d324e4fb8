"""The first tables: jobs, their teachers, trials and students, datasets, embeddings."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.String(32)
_KEY = sa.String(300)
_STATE = sa.String(16)
_SHA256 = sa.String(64)
_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    _create_jobs()
    _create_trials()
    _create_students()
    _create_datasets()
    _create_embeddings()


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("request", _JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.Column("command", _STATE),
        sa.Column("proposer_key", _KEY),
        sa.Column("error", _JSON),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", _TIME),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_created_at_id", "jobs", ["created_at", "id"])
    op.create_index("ix_jobs_state_created_at", "jobs", ["state", "created_at"])
    op.create_table(
        "job_teachers",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("params", sa.BigInteger(), nullable=False),
        sa.Column("macs", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("test_accuracy", sa.Double()),
        sa.Column("weights_key", _KEY, nullable=False),
        sa.Column("architecture_key", _KEY, nullable=False),
        sa.Column("splits_key", _KEY, nullable=False),
        sa.Column("precision", _JSON, nullable=False),
        sa.Column("preprocessing", _JSON, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_teachers_job_id_jobs"),
        sa.PrimaryKeyConstraint("job_id", name="pk_job_teachers"),
    )


def _create_trials() -> None:
    op.create_table(
        "trials",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", _STATE, nullable=False),
        sa.Column("hash", sa.String(128), nullable=False),
        sa.Column("edits", _JSON, nullable=False),
        sa.Column("params", sa.BigInteger(), nullable=False),
        sa.Column("macs", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("accuracy", sa.Double()),
        sa.Column("score", sa.Double()),
        sa.Column("epochs", sa.BigInteger()),
        sa.Column("duration_s", sa.Double()),
        sa.Column("weights_key", _KEY),
        sa.Column("error", _JSON),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME),
        sa.Column("finished_at", _TIME),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_trials_job_id_jobs"),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_trials"),
        sa.UniqueConstraint("job_id", "hash", name="uq_trials_job_id_hash"),
    )
    op.create_index("ix_trials_job_id_state", "trials", ["job_id", "state"])


def _create_students() -> None:
    op.create_table(
        "students",
        sa.Column("id", _ID, nullable=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("trial_number", sa.BigInteger(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("best", sa.Boolean(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("test_accuracy", sa.Double()),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("params", sa.BigInteger(), nullable=False),
        sa.Column("macs", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "trial_number"],
            ["trials.job_id", "trials.number"],
            name="fk_students_job_id_trial_number_trials",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_students"),
    )
    op.create_index("ix_students_job_id_trial_number", "students", ["job_id", "trial_number"])
    best = sa.text("best")
    op.create_index(
        "uq_students_best",
        "students",
        ["job_id"],
        unique=True,
        sqlite_where=best,
        postgresql_where=best,
    )
    op.create_table(
        "student_files",
        sa.Column("student_id", _ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("key", _KEY, nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", _SHA256, nullable=False),
        sa.ForeignKeyConstraint(
            ["student_id"], ["students.id"], name="fk_student_files_student_id_students"
        ),
        sa.PrimaryKeyConstraint("student_id", "name", name="pk_student_files"),
    )


def _create_datasets() -> None:
    op.create_table(
        "datasets",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", _KEY, nullable=False),
        sa.Column("sha256", _SHA256, nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("summary", _JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_datasets"),
    )
    op.create_index("ix_datasets_created_at_id", "datasets", ["created_at", "id"])


def _create_embeddings() -> None:
    op.create_table(
        "embeddings",
        sa.Column("id", _ID, nullable=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("key", _KEY, nullable=False),
        sa.Column("sha256", _SHA256, nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("teacher", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("trials", sa.BigInteger(), nullable=False),
        sa.Column("kernels", sa.BigInteger(), nullable=False),
        sa.Column("summary", _JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_embeddings_job_id_jobs"),
        sa.PrimaryKeyConstraint("id", name="pk_embeddings"),
        sa.UniqueConstraint("job_id", name="uq_embeddings_job_id"),
    )
    op.create_index("ix_embeddings_created_at_id", "embeddings", ["created_at", "id"])
