"""Which pairs of a whole file are worth comparing: near in place and time, or rescued by a shared address.

The joining is plain SQL on an engine that exists (DuckDB here): a grid of time, north and east whose cells are as wide as the
reach, and every account asks its own and the neighbouring cells, half of them, so that each pair appears once. It holds only
equality joins, floors and cosines, so Spark takes the same statements. Two sides of the date line are not joined.
"""

import numpy as np

from server.core.geography import METRES_PER_DEGREE
from server.matching.accounts import Columns, Floats, Whole
from server.matching.pairs import Pairs
from server.matching.weights import Weights

FEW = 400  # so many accounts are compared each with each
CROWDED_ADDRESS = 40  # an address is followed to so many later reports; one that more share says nothing about one damage
SLACK = 0.01  # the engine's flat distance is good to less than this; what it lets through is measured again
MEMORY = "1500MB"

CELLS = """
CREATE TEMP TABLE cells AS
SELECT account, lon, lat, earliest, latest, floor(earliest / {span}) AS t, floor(lat * {scale} / {reach}) AS n,
  floor(lon * {scale} * cos(radians(least(89.9, abs((floor(lat * {scale} / {reach}) + 0.5) * {reach} / {scale})))) / {reach}) AS e
FROM accounts WHERE isfinite(lon) AND isfinite(lat) AND isfinite(earliest)"""

NEAR = """
WITH steps (dt, dn) AS (VALUES (0, 0), (0, 1), (1, -1), (1, 0), (1, 1)), aside (de) AS (VALUES (-1), (0), (1)),
asked AS (
  SELECT account, lon, lat, earliest, latest, t + dt AS t, n + dn AS n, dt = 0 AND dn = 0 AS is_own,
    floor(lon * {scale} * cos(radians(least(89.9, abs((n + dn + 0.5) * {reach} / {scale})))) / {reach}) + de AS e
  FROM cells CROSS JOIN steps CROSS JOIN aside)
SELECT least(a.account, b.account) AS one, greatest(a.account, b.account) AS other
FROM asked a JOIN cells b ON a.t = b.t AND a.n = b.n AND a.e = b.e
WHERE (a.account < b.account OR NOT a.is_own)
  AND pow(least(1.0, sqrt(pow((a.lon - b.lon) * cos(radians(a.lat)), 2) + pow(a.lat - b.lat, 2)) * {scale} / {far}), {edge})
    + pow(least(1.0, greatest(0.0, a.earliest - b.latest, b.earliest - a.latest) / {long}), {edge}) <= {most}"""

RESCUED = """
WITH numbered AS (
  SELECT item, account, row_number() OVER (PARTITION BY item ORDER BY earliest, account) AS place FROM addresses),
steps AS (SELECT unnest(range(1, {most} + 1)) AS step)
SELECT DISTINCT least(a.account, b.account) AS one, greatest(a.account, b.account) AS other
FROM numbered a CROSS JOIN steps JOIN numbered b ON a.item = b.item AND b.place = a.place + step
WHERE a.account <> b.account"""

Found = tuple[Whole, Whole]


def candidate_pairs(columns: Columns, weights: Weights) -> Found:
    """Row numbers (left < right) of every pair within reach and of those a shared address rescues: sorted, each once."""
    if len(columns) <= FEW:
        return _each_with_each(columns, weights)
    near, rescued = _joined(columns, weights)
    found = [_kept(near, is_near(Pairs.bare(columns, *near), weights)), _kept(rescued, is_rescued(Pairs.bare(columns, *rescued), weights))]
    keys = np.sort(np.concatenate([one * len(columns) + other for one, other in found]))
    keys = keys[np.append(True, keys[1:] != keys[:-1])] if len(keys) else keys
    return keys // len(columns), keys % len(columns)


def is_near(pairs: Pairs, weights: Weights) -> np.ndarray:
    """Which pairs lie within reach. Where the reach has an edge, what is far must be soon and what is late must be near."""
    far, late = pairs.metres / weights.reach_m, pairs.gap_hours / (weights.reach_days * 24)
    inside = (far <= 1) & (late <= 1)
    return inside & (far**weights.reach_edge + late**weights.reach_edge <= 1) if weights.reach_edge else inside


def is_rescued(pairs: Pairs, weights: Weights) -> np.ndarray:
    """Which pairs are near enough for a shared address to count."""
    return (pairs.metres <= weights.rescue_m) & (pairs.gap_hours <= weights.rescue_days * 24)


def crowding(columns: Columns, left: Whole, right: Whole) -> Floats:
    """For each pair how many other candidates its busier side has."""
    company = np.bincount(left, minlength=len(columns)) + np.bincount(right, minlength=len(columns)) - 1
    return np.maximum(company[left], company[right]).astype(np.float64)


def _each_with_each(columns: Columns, weights: Weights) -> Found:
    left, right = (side.astype(np.int64) for side in np.triu_indices(len(columns), 1))
    bare = Pairs.bare(columns, left, right)
    return _kept((left, right), is_near(bare, weights) | (is_rescued(bare, weights) & (columns.addresses.shared(left, right) > 0)))


def _joined(columns: Columns, weights: Weights) -> tuple[Found, Found]:
    """The two joins, on the engine."""
    import duckdb

    reach, span = float(weights.reach_m), weights.reach_days * 86400.0
    edge, most = (weights.reach_edge, 1.0) if weights.reach_edge else (1.0, 2.0)
    shape = {"scale": METRES_PER_DEGREE, "reach": reach, "span": span, "edge": edge, "most": most + SLACK}
    shape |= {"far": reach * (1 + SLACK), "long": span}
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": 2}) as engine:
        engine.register("accounts", {
            "account": np.arange(len(columns)), "lon": columns.lon, "lat": columns.lat, "earliest": columns.earliest,
            "latest": columns.latest,
        })  # fmt: skip
        owners = np.repeat(np.arange(len(columns)), columns.addresses.sizes)
        engine.register(
            "addresses", {"item": columns.addresses.items, "account": owners, "earliest": np.nan_to_num(columns.earliest[owners])}
        )
        engine.execute(CELLS.format(**shape))
        return _fetched(engine.execute(NEAR.format(**shape))), _fetched(engine.execute(RESCUED.format(most=CROWDED_ADDRESS)))


def _fetched(answer: "duckdb.DuckDBPyConnection") -> Found:  # type: ignore[name-defined]  # noqa: F821 - imported where used
    rows = answer.fetchnumpy()
    return rows["one"].astype(np.int64, copy=False), rows["other"].astype(np.int64, copy=False)


def _kept(found: Found, keep: np.ndarray) -> Found:
    return found[0][keep], found[1][keep]
