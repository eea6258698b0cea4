"""The desk map's counts: cells at levels 5–17, upheld by a log that a trigger writes and this module folds in.

Each record is counted where the desk shows it, the most protected in the middle of their square (``exactness``). A reader adds the
log to the cells, so counts are exact at every moment; folding only keeps the log short.
"""

from sqlalchemy import text

from server.core.database import session
from server.core.tiles import COARSEST, FINEST

_FOLD = text("""
WITH taken AS (
  DELETE FROM map_changes WHERE ctid = ANY (ARRAY(SELECT ctid FROM map_changes LIMIT :most FOR UPDATE SKIP LOCKED))
  RETURNING cell_key, step, grade
), steps AS (
  SELECT level, cell_key >> (2 * (24 - level)) AS cell, sum(step) AS n,
         coalesce(sum(step) FILTER (WHERE grade = 0), 0) AS d0, coalesce(sum(step) FILTER (WHERE grade = 1), 0) AS d1,
         coalesce(sum(step) FILTER (WHERE grade = 2), 0) AS d2, coalesce(sum(step) FILTER (WHERE grade = 3), 0) AS d3,
         coalesce(sum(step) FILTER (WHERE grade = 4), 0) AS d4, coalesce(sum(step) FILTER (WHERE grade = 5), 0) AS du
  FROM taken CROSS JOIN generate_series(CAST(:coarsest AS int), CAST(:finest AS int)) AS level
  GROUP BY 1, 2 ORDER BY 1, 2
), folded AS (
  INSERT INTO map_cells AS kept (level, cell, n, d0, d1, d2, d3, d4, du) SELECT * FROM steps
  ON CONFLICT (level, cell) DO UPDATE SET
    n = kept.n + excluded.n, d0 = kept.d0 + excluded.d0, d1 = kept.d1 + excluded.d1, d2 = kept.d2 + excluded.d2,
    d3 = kept.d3 + excluded.d3, d4 = kept.d4 + excluded.d4, du = kept.du + excluded.du
)
SELECT count(*) FROM taken
""")

_ONE_FOLDER = text("SELECT pg_try_advisory_xact_lock(727201)")


def fold(most: int = 20_000) -> int:
    """Fold the oldest changes into the cells; returns how many. Two folders at once would lock one another: one gives way."""
    if not session.scalar(_ONE_FOLDER):
        return 0
    return session.scalar(_FOLD, {"most": most, "coarsest": COARSEST, "finest": FINEST}) or 0


def rebuild() -> None:
    """Count all cells anew from the incidents, after a bulk load."""
    session.execute(text("LOCK TABLE incidents IN SHARE MODE"))
    session.execute(text("DELETE FROM map_changes"))
    session.execute(text("DELETE FROM map_cells"))
    session.execute(_COUNT_FINEST, {"finest": FINEST})
    for level in range(FINEST - 1, COARSEST - 1, -1):
        session.execute(_COUNT_UP, {"level": level})


_COUNT_FINEST = text("""
INSERT INTO map_cells (level, cell, n, d0, d1, d2, d3, d4, du)
SELECT CAST(:finest AS int), tessera_shown_key(cell_key, s_class) >> (2 * (24 - CAST(:finest AS int))), count(*),
       count(*) FILTER (WHERE damage_best = 0), count(*) FILTER (WHERE damage_best = 1),
       count(*) FILTER (WHERE damage_best = 2), count(*) FILTER (WHERE damage_best = 3),
       count(*) FILTER (WHERE damage_best = 4), count(*) FILTER (WHERE damage_best IS NULL)
FROM incidents WHERE on_map GROUP BY 2
""")

_COUNT_UP = text("""
INSERT INTO map_cells (level, cell, n, d0, d1, d2, d3, d4, du)
SELECT CAST(:level AS int), cell >> 2, sum(n), sum(d0), sum(d1), sum(d2), sum(d3), sum(d4), sum(du)
FROM map_cells WHERE level = CAST(:level AS int) + 1 GROUP BY cell >> 2
""")
