"""Let copies in memory follow more: areas, sensitivity and how many reports lie on a record; page through what changed in one order."""

from alembic import op

revision = "0021"
down_revision = "0020"

_BEFORE = (
    "point::text", "event_earliest", "event_latest", "site_type", "damage_best", "certainty", "workflow", "functional_status",
    "needs", "hazards", "people_trapped", "merged_into",
)  # fmt: skip
_SINCE = (*_BEFORE, "adm1_pcode", "adm2_pcode", "adm3_pcode", "s_class", "report_count")


def upgrade() -> None:
    """Two indexes, and the trigger that looks at more columns."""
    op.create_index("ix_attachments_ended_at", "attachments", ["ended_at"], postgresql_where="ended_at IS NOT NULL")
    op.create_index("ix_incidents_changed", "incidents", ["changed_at", "id"])
    op.drop_index("ix_incidents_changed_at", table_name="incidents")
    _note_changes_of(_SINCE)


def downgrade() -> None:
    """As it was."""
    _note_changes_of(_BEFORE)
    op.create_index("ix_incidents_changed_at", "incidents", ["changed_at"])
    op.drop_index("ix_incidents_changed", table_name="incidents")
    op.drop_index("ix_attachments_ended_at", table_name="attachments")


def _note_changes_of(columns: tuple[str, ...]) -> None:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    op.execute("DROP TRIGGER note_change ON incidents")
    op.execute(
        f"CREATE TRIGGER note_change BEFORE UPDATE ON incidents FOR EACH ROW WHEN (({old}) IS DISTINCT FROM ({new})) "
        "EXECUTE FUNCTION tessera_note_change()"
    )
