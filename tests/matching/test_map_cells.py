"""The numbers of the desk's map: true at every moment, folded or not, after every kind of change."""

import json
import random
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.core.database import session
from server.core.geography import CELL_LEVEL, cell_key
from server.matching import filters, map_cells, tiles

ASKED_NOTHING = filters.read({}, exact=True)


def add(database, lon, lat, grade):
    identity = uuid4()
    database.execute(
        text(
            "INSERT INTO incidents (id, public_id, s_class, damage_best, damage_min, damage_max, point) VALUES "
            "(:id, :public, 'S1', :grade, :grade, :grade, ST_SetSRID(ST_Point(:lon, :lat), 4326))"
        ),
        {"id": identity, "public": identity.hex[:12], "grade": grade, "lon": lon, "lat": lat},
    )
    return identity


@pytest.fixture
def scattered(database):
    dice = random.Random(7)
    return [add(database, dice.uniform(-57, -55), dice.uniform(-35, -33), dice.choice([None, 0, 1, 2, 3, 4])) for _ in range(200)]


def shown(z, x, y):
    tiles.memory.forget()
    answer = json.loads(tiles.tile(z, x, y, ASKED_NOTHING, "")[0])
    return sum(cell[2] for cell in answer.get("cells", [])) + len(answer.get("incidents", []))


def world(z):
    """The sum over every tile of the world that holds anything of the scattered records."""
    keys = session.execute(text("SELECT DISTINCT cell_key FROM incidents WHERE on_map")).scalars()
    found = set()
    for key in keys:
        lon, lat = map_cells_centre(key)
        found.add(tile_of(lon, lat, z))
    return sum(shown(z, x, y) for x, y in found)


def map_cells_centre(key):
    from server.core.geography import key_centre

    return key_centre(key, CELL_LEVEL)


def tile_of(lon, lat, z):
    from server.core.geography import mercator

    x, y = mercator(lon, lat)
    return int(x * 2**z), int(y * 2**z)


@pytest.mark.parametrize("z", [0, 3, 6, 9, 12, 15, 18])
def test_at_every_zoom_the_numbers_add_up_to_the_rows_before_and_after_folding(scattered, z):
    assert world(z) == 200
    assert map_cells.fold() == 200
    assert world(z) == 200


def test_a_merge_a_change_of_grade_and_a_move_are_counted_at_once(scattered, database):
    map_cells.fold()
    database.execute(text("UPDATE incidents SET merged_into = :other WHERE id = :id"), {"id": scattered[0], "other": scattered[1]})
    database.execute(text("UPDATE incidents SET damage_best = 4, damage_max = 4 WHERE id = :id"), {"id": scattered[2]})
    database.execute(text("UPDATE incidents SET point = ST_SetSRID(ST_Point(30, 50), 4326) WHERE id = :id"), {"id": scattered[3]})
    assert shown(0, 0, 0) == 199
    kiev = tile_of(30, 50, 5)
    assert shown(5, *kiev) == 1
    map_cells.fold()
    assert shown(0, 0, 0) == 199
    assert shown(5, *kiev) == 1


def test_counting_anew_gives_what_folding_gave(scattered, database):
    map_cells.fold()
    kept = "SELECT level, cell, n, d0, d1, d2, d3, d4, du FROM map_cells WHERE n > 0 ORDER BY 1, 2"
    folded = database.execute(text(kept)).all()
    map_cells.rebuild()
    assert database.execute(text(kept)).all() == folded


def test_the_key_of_a_point_is_the_same_in_the_database_and_in_python(scattered, database):
    rows = database.execute(text("SELECT cell_key, ST_X(point), ST_Y(point) FROM incidents")).all()
    assert all(key == cell_key(lon, lat) for key, lon, lat in rows)
