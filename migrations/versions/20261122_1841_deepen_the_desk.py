"""Count the most protected places where their wide square lies, for everybody; let words added later be covered too."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

# The same arithmetic as server/matching/exactness.py: the finest key of the middle of the square of level 11 around a key.
SHOWN_KEY = """
CREATE FUNCTION tessera_shown_key(key bigint, s_class text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN s_class = 'S4' THEN ((key >> 26) << 26) + 50331648 ELSE key END
$$
"""
NOTE = """
CREATE OR REPLACE FUNCTION tessera_note_new_on_map() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO map_changes VALUES (NEW_KEY, 1, coalesce(NEW.damage_best, 5));
  RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION tessera_note_map_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.on_map THEN
    INSERT INTO map_changes VALUES (OLD_KEY, -1, coalesce(OLD.damage_best, 5));
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.on_map THEN
    INSERT INTO map_changes VALUES (NEW_KEY, 1, coalesce(NEW.damage_best, 5));
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_map_change AFTER UPDATE ON incidents
  FOR EACH ROW WHEN ((OLD.on_map, OLD_KEY, OLD.damage_best) IS DISTINCT FROM (NEW.on_map, NEW_KEY, NEW.damage_best))
  EXECUTE FUNCTION tessera_note_map_change();
"""
EXACT, SHOWN = "{row}.cell_key", "tessera_shown_key({row}.cell_key, {row}.s_class)"
FIELD = "ck_text_redactions_field_known"


def upgrade() -> None:
    """One function, the map's triggers by it, and what lies already counted over; a table of covered words knows more texts."""
    op.execute(SHOWN_KEY)
    _note_by(SHOWN)
    _count_over(EXACT, SHOWN)
    op.add_column("text_redactions", sa.Column("part_id", sa.Uuid(), nullable=True))
    op.drop_constraint(op.f(FIELD), "text_redactions")
    op.create_check_constraint(op.f(FIELD), "text_redactions", "field IN ('text','place_text','addition','answer')")


def downgrade() -> None:
    """As it was; what was covered of words added later is uncovered."""
    op.execute("DELETE FROM text_redactions WHERE part_id IS NOT NULL")
    op.drop_constraint(op.f(FIELD), "text_redactions")
    op.create_check_constraint(op.f(FIELD), "text_redactions", "field IN ('text','place_text')")
    op.drop_column("text_redactions", "part_id")
    _count_over(SHOWN, EXACT)
    _note_by(EXACT)
    op.execute("DROP FUNCTION tessera_shown_key(bigint, text)")


def _note_by(key: str) -> None:
    """The triggers that keep the map's counts: each record under the key it is shown at."""
    op.execute("DROP TRIGGER note_map_change ON incidents")
    op.execute(NOTE.replace("OLD_KEY", key.format(row="OLD")).replace("NEW_KEY", key.format(row="NEW")))


def _count_over(before: str, after: str) -> None:
    """Move what is counted of the most protected from one key to the other; the log is folded in as any change is."""
    for key, step in ((before, -1), (after, 1)):
        op.execute(
            f"INSERT INTO map_changes SELECT {key.format(row='one')}, {step}, coalesce(one.damage_best, 5) "  # noqa: S608 - our own words
            "FROM incidents one WHERE one.on_map AND one.s_class = 'S4'"
        )
