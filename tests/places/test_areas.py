"""A point is laid into the administrative areas of a COD-AB file; their mode is known for a time, and war when it is not."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from server.core.database import session
from server.places.models import AreaContext
from server.places.service import (
    AreaCodes,
    UnusableAreas,
    UnusableContext,
    assign_areas,
    assign_areas_many,
    context_at,
    contexts_at,
    load_admin_areas,
    set_context,
)
from server.vocabulary import ContextMode

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ACTIVE, LOW, DISASTER, MIXED = (
    ContextMode.CONFLICT_ACTIVE,
    ContextMode.CONFLICT_LOW,
    ContextMode.DISASTER,
    ContextMode.MIXED,
)


def square(west, south, side=1.0):
    east, north = west + side, south + side
    return {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}


def feature(level, pcode, shape, **more):
    parent = {f"adm{level - 1}_pcode": pcode[:-2]} if level else {}
    properties = {f"ADM{level}_PCODE": pcode, f"ADM{level}_EN": f"Area {pcode}", f"ADM{level}_AR": "منطقة", **parent, **more}
    return {"type": "Feature", "properties": properties, "geometry": shape}


def written(path, features, **more):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}), encoding="utf-8")
    return path


@pytest.fixture
def areas(database, tmp_path):
    """One region XX01 of two districts side by side, at 40–42° east, 10–11° north."""
    whole = {"type": "Polygon", "coordinates": [[[40, 10], [42, 10], [42, 11], [40, 11], [40, 10]]]}
    files = {
        0: [feature(0, "XX", whole)],
        1: [feature(1, "XX01", whole)],
        2: [feature(2, "XX0101", square(40, 10)), feature(2, "XX0102", square(41, 10))],
    }
    for level, features in files.items():
        load_admin_areas(written(tmp_path / f"{level}.geojson", features), level=level, cod_version="v1")


def test_a_point_gets_the_codes_of_every_level(areas):
    assert assign_areas(40.5, 10.5) == AreaCodes(adm0="XX", adm1="XX01", adm2="XX0101", cod_version="v1")


def test_a_point_in_the_water_belongs_to_the_nearest_area_within_500_metres(areas):
    shore = assign_areas(41.5, 9.998)
    assert (shore.adm2, shore.is_near) == ("XX0102", True)
    sea = assign_areas(41.5, 9.99)
    assert (sea.adm2, sea.is_near, sea.is_placed) == (None, False, False)


def test_a_point_on_a_border_belongs_to_one_side_always_the_same(areas):
    assert {assign_areas(41.0, 10.5).adm2 for _time in range(3)} == {"XX0101"}


@pytest.mark.parametrize("point", [(0.0, 0.0), (180.0, 90.0), (-180.0, -90.0), (179.999, 0.0)])
def test_a_point_nowhere_is_flagged_and_never_refused(areas, point):
    assert not assign_areas(*point).is_placed


def test_many_points_are_answered_in_their_order(areas):
    points = [(40.5, 10.5), (0.0, 0.0), (41.5, 10.5), (41.5, 9.998)] * 300
    codes = assign_areas_many(points)
    assert [code.adm2 for code in codes] == ["XX0101", None, "XX0102", "XX0102"] * 300
    assert assign_areas_many([]) == []


def test_without_areas_no_point_is_placed(database):
    assert not assign_areas(40.5, 10.5).is_placed


def test_a_newer_version_counts_and_the_older_stays(areas, tmp_path):
    newer = [feature(2, "XX0109", square(40, 10), validOn="2026-01-01")]
    load_admin_areas(written(tmp_path / "new.geojson", newer), level=2, cod_version="v2")
    assert (assign_areas(40.5, 10.5).adm2, assign_areas(41.5, 10.5).adm2) == ("XX0109", "XX0102")


def test_loading_a_file_again_changes_nothing(areas, tmp_path):
    path = written(tmp_path / "again.geojson", [feature(2, "XX0101", square(40, 10))])
    assert load_admin_areas(path, level=2, cod_version="v1").loaded == 1
    assert assign_areas(40.5, 10.5).adm2 == "XX0101"


def test_good_areas_enter_and_others_come_back_with_a_reason(database, tmp_path):
    bow_tie = {"type": "Polygon", "coordinates": [[[50, 10], [51, 11], [51, 10], [50, 11], [50, 10]]]}
    features = [
        feature(1, "YY01", bow_tie),
        feature(1, "", square(0, 0)),
        feature(1, "YY02", {"type": "Point", "coordinates": [0, 0]}),
        feature(1, "YY03", None),
        feature(1, "YY04", square(500_000, 5_000_000)),
        feature(1, "YY05", {"type": "Polygon", "coordinates": []}),
    ]
    done = load_admin_areas(written(tmp_path / "mixed.geojson", features), level=1, cod_version="v1")
    assert (done.loaded, [number for number, _reason in done.refused]) == (1, [2, 3, 4, 5, 6])
    assert assign_areas(50.1, 10.5).adm1 == "YY01"


@pytest.mark.parametrize(
    "content", [b"", b"[" * 200_000, b"not json", b"[]", b'{"type": "Feature"}', b'{"type":"FeatureCollection","crs":{"name":"EPSG:3857"}}']
)
def test_a_file_that_is_no_geojson_is_refused_with_a_sentence(database, tmp_path, content):
    path = tmp_path / "areas.geojson"
    path.write_bytes(content)
    with pytest.raises(UnusableAreas, match=r"areas\.geojson"):
        load_admin_areas(path, level=1, cod_version="v1")


def test_other_formats_and_levels_are_refused_with_the_way_out(database, tmp_path):
    (tmp_path / "areas.gpkg").write_bytes(b"no GeoPackage")
    with pytest.raises(UnusableAreas, match=r"areas\.gpkg"):
        load_admin_areas(tmp_path / "areas.gpkg", level=1, cod_version="v1")
    with pytest.raises(UnusableAreas, match="ogr2ogr"):
        load_admin_areas(tmp_path / "areas.shp", level=1, cod_version="v1")
    with pytest.raises(UnusableAreas, match="level"):
        load_admin_areas(tmp_path / "areas.geojson", level=4, cod_version="v1")


def test_a_file_called_a_geopackage_never_leads_to_another_file(database, tmp_path):
    (tmp_path / "secret.csv").write_text('adm1_pcode,adm1_name,WKT\nUA01,Hidden,"POLYGON ((0 0, 1 0, 1 1, 0 0))"\n')
    layer = f'<OGRVRTLayer name="secret"><SrcDataSource>{tmp_path}/secret.csv</SrcDataSource><LayerSRS>EPSG:4326</LayerSRS></OGRVRTLayer>'
    (tmp_path / "areas.gpkg").write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    with pytest.raises(UnusableAreas, match=r"areas\.gpkg"):
        load_admin_areas(tmp_path / "areas.gpkg", level=1, cod_version="v1")


def say(pcode, mode, *, from_at=NOW - DAY, until_at=NOW + DAY):
    set_context(pcode, mode, from_at=from_at, until_at=until_at, set_by=None, reason="agreed by the protection group")


def test_what_is_unknown_is_active_conflict(areas):
    assert context_at("XX0101", NOW) is ACTIVE
    assert context_at(None, NOW) is ACTIVE
    assert context_at("nobody knows", NOW) is ACTIVE


def test_what_has_expired_is_active_conflict_and_nothing_older_comes_back(areas):
    say("XX0101", DISASTER, from_at=NOW - 10 * DAY, until_at=NOW + 10 * DAY)
    say("XX0101", LOW, from_at=NOW - 5 * DAY, until_at=NOW - DAY)
    assert context_at("XX0101", NOW) is ACTIVE
    assert context_at("XX0101", NOW - 2 * DAY) is LOW
    assert context_at("XX0101", NOW - 7 * DAY) is DISASTER
    assert context_at("XX0101", NOW - 11 * DAY) is ACTIVE


def test_the_last_moment_is_already_over(areas):
    say("XX0101", DISASTER, until_at=NOW)
    assert context_at("XX0101", NOW) is ACTIVE


def test_mixed_passes_through(areas):
    say("XX0101", MIXED)
    assert context_at("XX0101", NOW) is MIXED


def test_an_area_takes_the_mode_of_the_one_it_is_part_of_unless_it_has_its_own(areas):
    say("XX01", DISASTER)
    say("XX0102", ACTIVE)
    assert contexts_at(["XX0101", "XX0102", "ZZ"], NOW) == {"XX0101": DISASTER, "XX0102": ACTIVE, "ZZ": ACTIVE}


def test_the_newest_word_counts(areas):
    say("XX0101", DISASTER, from_at=NOW - 2 * DAY)
    say("XX0101", ACTIVE, from_at=NOW - DAY)
    assert context_at("XX0101", NOW) is ACTIVE
    assert session.query(AreaContext).count() == 2


@pytest.mark.parametrize("length", [timedelta(0), -DAY, timedelta(days=30, seconds=1)])
def test_a_context_lasts_at_most_thirty_days(areas, length):
    with pytest.raises(UnusableContext):
        say("XX0101", DISASTER, from_at=NOW, until_at=NOW + length)


def test_a_context_needs_a_reason(areas):
    with pytest.raises(UnusableContext):
        set_context("XX0101", DISASTER, from_at=NOW, until_at=NOW + DAY, set_by=None, reason="  ")
