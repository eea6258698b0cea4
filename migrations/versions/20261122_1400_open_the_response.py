"""The response as data: its facts, the code that lets the first administrator in, boundaries on their way, who holds keys, its end."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

KEYS = ("BACKUP", "SECRET", "SIGNING", "SEALING")
STATES = ("WAITING", "LOADING", "DONE", "REFUSED")
STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the five tables."""
    op.create_table(
        "response_facts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("said_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_facts")),
    )
    op.create_index("ix_response_facts_name", "response_facts", ["name", "id"], unique=False)
    op.create_table(
        "opening_codes",
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.Column("ends_at", STAMP, nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_opening_codes")),
    )
    _create_boundary_loads()
    _create_key_holders()
    op.create_table(
        "response_closings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", STAMP, nullable=False),
        sa.Column("agreed_by", sa.Uuid(), nullable=True),
        sa.Column("agreed_at", STAMP, nullable=True),
        sa.Column("ended_at", STAMP, nullable=True),
        sa.Column("done_at", STAMP, nullable=True),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_closings")),
    )


def _create_boundary_loads() -> None:
    op.create_table(
        "boundary_loads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("file_kind", sa.String(length=8), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("cod_version", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("why", sa.String(length=500), server_default="", nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("said_at", STAMP, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint(_known("state", STATES), name=op.f("ck_boundary_loads_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_boundary_loads")),
    )


def _create_key_holders() -> None:
    op.create_table(
        "key_holders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", STAMP, nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(_known("kind", KEYS), name=op.f("ck_key_holders_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_holders")),
    )


def _known(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({','.join(repr(word) for word in words)})"


def downgrade() -> None:
    """Drop them."""
    for table in ("response_closings", "key_holders", "boundary_loads", "opening_codes"):
        op.drop_table(table)
    op.drop_index("ix_response_facts_name", "response_facts")
    op.drop_table("response_facts")
