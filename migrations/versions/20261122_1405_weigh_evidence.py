"""Evidence beside the reports: satellite rows, pieces of images, open sources, parts painted over, corrections of what was public."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"

TABLES = ("imagery_imports", "imagery_rows", "imagery_chips", "photo_redactions", "open_items", "imagery_links", "corrections", "text_redactions")
SEES_ALL = "current_setting('tessera.scope', true) = 'all'"


def upgrade() -> None:
    """Make the tables; what covers a report or a photo is guarded as those are."""
    _create_imagery_imports()
    _create_imagery_rows()
    _create_imagery_chips()
    _create_photo_redactions()
    _create_open_items()
    _create_imagery_links()
    _create_corrections()
    _create_text_redactions()
    _guard("photo_redactions", "EXISTS (SELECT FROM photos WHERE photos.id = photo_id)")
    _guard("text_redactions", "EXISTS (SELECT FROM reports WHERE reports.id = report_id)")


def _create_imagery_imports() -> None:
    op.create_table("imagery_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="TRIED", nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("product", sa.String(length=64), nullable=False),
        sa.Column("licence", sa.String(length=64), nullable=False),
        sa.Column("may_redistribute", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source_scale", sa.Enum("TESSERA", "EMS98", "JDS", "UNOSAT", "UNOSAT_RDBA", "CEMS_2016", "CEMS", "FEMA", "IOM", "SHELTER_UA", "HERAMS", "UA65", "ATC20", "BAR", name="damage_scale", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("method", sa.String(length=8), server_default="VISUAL", nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column('mapping', postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("file_ref", sa.String(length=64), nullable=True),
        sa.Column("file_key", sa.LargeBinary(), nullable=True),
        sa.Column("units", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("area", Geometry(srid=4326, spatial_index=False), nullable=True),
        sa.Column("area_is_stated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('TRIED','KEPT','UNDONE')", name=op.f('ck_imagery_imports_state_known')),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_imagery_imports_person_id_people")),
        sa.ForeignKeyConstraint(["undone_by"], ["people.id"], name=op.f("fk_imagery_imports_undone_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imagery_imports"))
    )


def _create_imagery_rows() -> None:
    op.create_table("imagery_rows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("unit_key", sa.String(length=64), nullable=False),
        sa.Column("shape", Geometry(srid=4326, spatial_index=False), nullable=False),
        sa.Column("is_area", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("acquired_on", sa.Date(), nullable=True),
        sa.Column("clean_until", sa.Date(), nullable=True),
        sa.Column("event_phase", sa.String(length=8), nullable=False),
        sa.Column("sensor", sa.String(length=64), server_default="", nullable=False),
        sa.Column("gsd_m", sa.Float(), nullable=True),
        sa.Column("source_value", sa.String(length=64), nullable=False),
        sa.Column("damage_min", sa.SmallInteger(), nullable=True),
        sa.Column("damage_max", sa.SmallInteger(), nullable=True),
        sa.Column("damage_best", sa.SmallInteger(), nullable=True),
        sa.Column("confidence", sa.String(length=32), server_default="", nullable=False),
        sa.Column("field_validated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column('limits', postgresql.ARRAY(sa.String(length=32)), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("is_latest", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("event_phase IN ('PRE','POST','MONITOR')", name=op.f('ck_imagery_rows_event_phase_known')),
        sa.ForeignKeyConstraint(["import_id"], ["imagery_imports.id"], name=op.f("fk_imagery_rows_import_id_imagery_imports"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imagery_rows"))
    )
    op.create_index("idx_imagery_rows_shape", "imagery_rows", ["shape"], unique=False, postgresql_using="gist")
    op.create_index("ix_imagery_rows_unit", "imagery_rows", ["import_id", "unit_key"], unique=False)


def _create_imagery_chips() -> None:
    op.create_table("imagery_chips",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("event_phase", sa.String(length=8), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("licence", sa.String(length=64), nullable=False),
        sa.Column("original_sha256", sa.String(length=64), nullable=False),
        sa.Column("clean_sha256", sa.String(length=64), nullable=False),
        sa.Column("thumbnail_sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("event_phase IN ('PRE','POST')", name=op.f('ck_imagery_chips_event_phase_known')),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_imagery_chips_incident_id_incidents")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_imagery_chips_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imagery_chips"))
    )
    op.create_index(op.f("ix_imagery_chips_incident_id"), "imagery_chips", ["incident_id"], unique=False)


def _create_photo_redactions() -> None:
    op.create_table("photo_redactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("parts", postgresql.JSONB(), nullable=False),
        sa.Column("from_sha256", sa.String(length=64), nullable=False),
        sa.Column("from_thumbnail_sha256", sa.String(length=64), nullable=False),
        sa.Column("to_sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_ref", sa.String(length=64), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_photo_redactions_person_id_people")),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_photo_redactions_photo_id_photos"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["undone_by"], ["people.id"], name=op.f("fk_photo_redactions_undone_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo_redactions"))
    )
    op.create_index(op.f("ix_photo_redactions_photo_id"), "photo_redactions", ["photo_id"], unique=False)


def _create_open_items() -> None:
    op.create_table("open_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Enum("PHOTO", "VIDEO", "AUDIO", "DOC", "SAT", "OSINT", "OFFICIAL", "FIELD_VISIT", "SENSOR", name="evidence_kind", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        sa.Column("platform", sa.String(length=64), nullable=False),
        sa.Column("claim", sa.String(length=500), server_default="", nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("archived_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("first_shown_elsewhere", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source_grade", sa.Enum("A", "B", "C", "D", "E", "F", name="admiralty_source", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("item_grade", sa.Enum("1", "2", "3", "4", "5", "6", name="admiralty_item", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("stance", sa.Enum("SUPPORTS", "CONTRADICTS", "CONTEXT", name="stance", native_enum=False, create_constraint=True, length=32), nullable=False),
        sa.Column("media_located", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("media_timed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_open_items_incident_id_incidents")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_open_items_person_id_people")),
        sa.ForeignKeyConstraint(["removed_by"], ["people.id"], name=op.f("fk_open_items_removed_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_items"))
    )
    op.create_index(op.f("ix_open_items_incident_id"), "open_items", ["incident_id"], unique=False)


def _create_imagery_links() -> None:
    op.create_table("imagery_links",
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_imagery_links_incident_id_incidents")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_imagery_links_person_id_people")),
        sa.ForeignKeyConstraint(["row_id"], ["imagery_rows.id"], name=op.f("fk_imagery_links_row_id_imagery_rows"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_imagery_links"))
    )
    op.create_index("ix_imagery_links_incident_id", "imagery_links", ["incident_id"], unique=False, postgresql_where=sa.text("incident_id IS NOT NULL"))


def _create_corrections() -> None:
    op.create_table("corrections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=32), server_default="", nullable=False),
        sa.Column("after", sa.String(length=32), server_default="", nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_corrections_incident_id_incidents")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_corrections_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections"))
    )
    op.create_index(op.f("ix_corrections_incident_id"), "corrections", ["incident_id"], unique=False)


def _create_text_redactions() -> None:
    op.create_table("text_redactions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.String(length=16), nullable=False),
        sa.Column("span", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("field IN ('text','place_text')", name=op.f('ck_text_redactions_field_known')),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_text_redactions_person_id_people")),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_text_redactions_report_id_reports"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["undone_by"], ["people.id"], name=op.f("fk_text_redactions_undone_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_redactions"))
    )
    op.create_index(op.f("ix_text_redactions_report_id"), "text_redactions", ["report_id"], unique=False)


def _guard(table: str, rule: str) -> None:
    """Row-level security as for photos: whoever sees the report sees the row; forced, so that it binds the owner too."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY may_add ON {table} FOR INSERT WITH CHECK (true)")
    op.execute(f"CREATE POLICY may_see ON {table} FOR SELECT USING ({SEES_ALL} OR {rule})")
    op.execute(f"CREATE POLICY may_change ON {table} FOR UPDATE USING ({SEES_ALL} OR {rule})")
    op.execute(f"CREATE POLICY may_remove ON {table} FOR DELETE USING ({SEES_ALL})")


def downgrade() -> None:
    """Take them away again."""
    for table in reversed(TABLES):
        op.drop_table(table)
