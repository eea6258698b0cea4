"""Count the most protected places where their wide square lies, for everybody; let words added later be covered too,
and large satellite files take their time.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

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
FIELD, STATE = "ck_text_redactions_field_known", "ck_imagery_imports_state_known"


def upgrade() -> None:
    """One function, the map's triggers by it, and what lies already counted over; a table of covered words knows more texts."""
    op.execute(SHOWN_KEY)
    _note_by(SHOWN)
    _count_over(EXACT, SHOWN)
    op.add_column("text_redactions", sa.Column("part_id", sa.Uuid(), nullable=True))
    op.drop_constraint(op.f(FIELD), "text_redactions")
    op.create_check_constraint(op.f(FIELD), "text_redactions", "field IN ('text','place_text','addition','answer')")
    _let_imports_take_long()


def downgrade() -> None:
    """As it was; what was covered of words added later is uncovered, and a satellite file still being read is given up."""
    _let_imports_be_quick()
    op.execute("SET LOCAL tessera.scope = 'all'")
    op.execute("DELETE FROM text_redactions WHERE part_id IS NOT NULL")
    op.drop_constraint(op.f(FIELD), "text_redactions")
    op.create_check_constraint(op.f(FIELD), "text_redactions", "field IN ('text','place_text')")
    op.drop_column("text_redactions", "part_id")
    _count_over(SHOWN, EXACT)
    _note_by(EXACT)
    op.execute("DROP FUNCTION tessera_shown_key(bigint, text)")


def _let_imports_take_long() -> None:
    """Large satellite files are read, and their rows written, by the worker: how far it is, what was found, why not."""
    op.add_column("imagery_imports", sa.Column("found", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("imagery_imports", sa.Column("done", sa.Integer(), server_default="0", nullable=False))
    op.add_column("imagery_imports", sa.Column("problem", sa.String(32), server_default="", nullable=False))
    op.drop_constraint(op.f(STATE), "imagery_imports")
    op.create_check_constraint(op.f(STATE), "imagery_imports", "state IN ('TRIED','KEPT','UNDONE','READING','KEEPING','REFUSED')")


def _let_imports_be_quick() -> None:
    op.execute("DELETE FROM imagery_rows USING imagery_imports one WHERE one.id = import_id AND one.state = 'KEEPING'")
    op.execute("UPDATE imagery_imports SET state = 'UNDONE' WHERE state IN ('READING','KEEPING','REFUSED')")
    op.drop_constraint(op.f(STATE), "imagery_imports")
    op.create_check_constraint(op.f(STATE), "imagery_imports", "state IN ('TRIED','KEPT','UNDONE')")
    for column in ("problem", "done", "found"):
        op.drop_column("imagery_imports", column)


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
