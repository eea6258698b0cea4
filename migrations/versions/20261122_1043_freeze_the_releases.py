"""Dated, numbered data sets and what changed between them."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create what the public reads of data sets, and the frozen rows they are made from."""
    op.create_table(
        "release_changes",
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.String(length=16), nullable=False),
        sa.Column("change", sa.String(length=8), nullable=False),
        sa.Column("merged_into", sa.String(length=16), nullable=True),
        sa.CheckConstraint("change IN ('added','changed','removed')", name=op.f("ck_release_changes_change_known")),
        sa.PrimaryKeyConstraint("edition", "incident_id", name=op.f("pk_release_changes")),
        schema="pub",
    )
    op.create_table(
        "releases",
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), server_default="PUBLISHED", nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("policy_version", sa.String(length=16), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_added", sa.Integer(), nullable=False),
        sa.Column("rows_changed", sa.Integer(), nullable=False),
        sa.Column("rows_removed", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(length=32), nullable=True),
        sa.Column("replaced_by", sa.String(length=32), nullable=True),
        sa.Column("is_exercise", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.CheckConstraint("state IN ('PUBLISHED','WITHDRAWN')", name=op.f("ck_releases_state_known")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_releases")),
        sa.UniqueConstraint("sequence", name=op.f("uq_releases_sequence")),
        schema="pub",
    )
    op.create_index(op.f("ix_releases_edition"), "releases", ["edition"], unique=False, schema="pub")
    op.create_geospatial_table(
        "release_areas",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("geo_level", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column(
            "shape",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_release_areas")),
    )
    op.create_table(
        "release_rows",
        sa.Column("incident_id", sa.String(length=16), nullable=False),
        sa.Column("from_edition", sa.Integer(), nullable=False),
        sa.Column("until_edition", sa.Integer(), nullable=True),
        sa.Column("row", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "from_edition", name=op.f("pk_release_rows")),
    )
    op.create_index("ix_release_rows_from_edition", "release_rows", ["from_edition"], unique=False)
    op.create_index("ix_release_rows_until_edition", "release_rows", ["until_edition"], unique=False)
    op.create_table(
        "files",
        sa.Column("release", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(length=24), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("packed_sha256", sa.String(length=64), nullable=True),
        sa.Column("packed_bytes", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("release", "name", name=op.f("pk_files")),
        schema="pub",
    )
    op.create_table(
        "release_drafts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("remakes", sa.String(length=32), nullable=True),
        sa.Column("number", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("batch_id", sa.String(length=32), nullable=False),
        sa.Column("policy_version", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("steps_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("steps_total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("files", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("found", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "state IN ('BUILDING','BLOCKED','WAITING','DISCARDED','PUBLISHED')",
            name=op.f("ck_release_drafts_state_known"),
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["people.id"], name=op.f("fk_release_drafts_asked_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_drafts")),
    )
    op.create_index(
        "ix_release_drafts_one_at_a_time",
        "release_drafts",
        [sa.text("(remakes IS NULL)")],
        unique=True,
        postgresql_where=sa.text("remakes IS NULL AND state IN ('BUILDING', 'BLOCKED', 'WAITING')"),
    )
    op.create_table(
        "release_approvals",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["release_drafts.id"], name=op.f("fk_release_approvals_draft_id_release_drafts")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_release_approvals_person_id_people")),
        sa.PrimaryKeyConstraint("draft_id", "person_id", name=op.f("pk_release_approvals")),
    )


def downgrade() -> None:
    """Drop them; the files of the data sets stay in the store."""
    op.drop_table("release_approvals")
    op.drop_table("release_drafts")
    op.drop_table("files", schema="pub")
    op.drop_table("release_rows")
    op.drop_geospatial_table("release_areas")
    op.drop_table("releases", schema="pub")
    op.drop_table("release_changes", schema="pub")
