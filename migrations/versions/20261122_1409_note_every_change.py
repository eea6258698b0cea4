"""Say of every damage record when it last changed, whoever changes it, so that a copy in memory can follow.

Points are compared as text: PostgreSQL cannot bring back a condition that compares geometries themselves, for it names no schema there.
"""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Let the database itself set ``changed_at`` when what filters look at has changed."""
    op.execute("""
CREATE FUNCTION tessera_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := greatest(NEW.changed_at, clock_timestamp());
  RETURN NEW;
END $$
""")
    op.execute("""
CREATE TRIGGER note_change BEFORE UPDATE ON incidents FOR EACH ROW WHEN (
  (OLD.point::text, OLD.event_earliest, OLD.event_latest, OLD.site_type, OLD.damage_best, OLD.certainty, OLD.workflow, OLD.functional_status,
   OLD.needs, OLD.hazards, OLD.people_trapped, OLD.merged_into) IS DISTINCT FROM
  (NEW.point::text, NEW.event_earliest, NEW.event_latest, NEW.site_type, NEW.damage_best, NEW.certainty, NEW.workflow, NEW.functional_status,
   NEW.needs, NEW.hazards, NEW.people_trapped, NEW.merged_into)
) EXECUTE FUNCTION tessera_note_change()
""")


def downgrade() -> None:
    """Leave it to the program again."""
    op.execute("DROP TRIGGER note_change ON incidents")
    op.execute("DROP FUNCTION tessera_note_change()")
