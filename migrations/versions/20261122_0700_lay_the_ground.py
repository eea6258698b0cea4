"""Lay the ground: the schemas, and the function that gives a point its map cell."""

from alembic import op

revision = "0001"
down_revision = None

# The same arithmetic as server/core/geography.py cell_key, which a test compares with this one.
CELL_KEY = """
CREATE FUNCTION tessera_cell_key(place geometry) RETURNS bigint LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  side constant float8 := 16777216;
  lat float8 := greatest(-85.05112878, least(85.05112878, public.ST_Y(place)));
  x bigint := least(side - 1, greatest(0, floor((public.ST_X(place) + 180) / 360 * side)))::bigint;
  y bigint := least(side - 1, greatest(0, floor((0.5 - ln(tan(pi() / 4 + radians(lat) / 2)) / (2 * pi())) * side)))::bigint;
BEGIN
  x := (x | (x << 16)) & 281470681808895; x := (x | (x << 8)) & 71777214294589695;
  x := (x | (x << 4)) & 1085102592571150095; x := (x | (x << 2)) & 3689348814741910323;
  x := (x | (x << 1)) & 6148914691236517205;
  y := (y | (y << 16)) & 281470681808895; y := (y | (y << 8)) & 71777214294589695;
  y := (y | (y << 4)) & 1085102592571150095; y := (y | (y << 2)) & 3689348814741910323;
  y := (y | (y << 1)) & 6148914691236517205;
  RETURN x | (y << 1);
END $$;
"""


def upgrade() -> None:
    """Create the schemas ``vault`` and ``pub`` and the map-cell function. PostGIS and pg_trgm must be there already."""
    op.execute("CREATE SCHEMA vault")
    op.execute("CREATE SCHEMA pub")
    op.execute(CELL_KEY)


def downgrade() -> None:
    """Take them away."""
    op.execute("DROP FUNCTION tessera_cell_key(geometry)")
    op.execute("DROP SCHEMA pub")
    op.execute("DROP SCHEMA vault")
