"""Lists of what exists: read from the files people have, kept with date and licence, and never added up over one another."""

import json
from datetime import date, timedelta

import numpy as np
import pyogrio
import pytest
import shapely
from sqlalchemy import func, select

from server.core.clock import now
from server.core.database import session
from server.core.ledger import LedgerEntry
from server.places import baselines
from server.places.baseline_files import Reading, UnusableBaseline, kind_of_tags
from server.places.models import Baseline, BaselineSite
from server.publication.coarsening import Whereabouts
from server.publication.counting import Neighbourhood
from server.vocabulary import SiteType
from tests.publication import town

OSM, DAY = Reading(kind="osm"), date(2026, 6, 1)


@pytest.fixture
def land(database):
    town.areas()


def geojson(folder, *features, name="list.geojson"):
    made = [
        {"type": "Feature", "properties": tags, "geometry": {"type": "Point", "coordinates": list(place)}}
        for tags, place in features
    ]
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": made}))
    return path


def load(path, how=OSM, source="OSM", dated_on=DAY, licence="ODbL-1.0"):
    return baselines.load_baseline(path, how, source=source, dated_on=dated_on, licence=licence)


def kinds():
    return dict(session.execute(select(BaselineSite.site_type, func.count()).group_by(BaselineSite.site_type)).all())


@pytest.mark.pure
@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"amenity": "hospital"}, SiteType.HEA_HOSP), ({"amenity": "pharmacy", "shop": "chemist"}, SiteType.HEA_PHARM),
        ({"amenity": "shelter", "shelter_type": "bomb_shelter"}, SiteType.SHE_BOMB), ({"amenity": "shelter"}, None),
        ({"man_made": "pipeline", "substance": "gas"}, SiteType.ENE_GAS), ({"shop": "bakery"}, SiteType.FOO_MARKET),
        ({"amenity": "hospital", "healthcare:speciality": "maternity;surgery"}, SiteType.HEA_MATERNITY),
        ({"healthcare:speciality": "maternity"}, None), ({"building": "apartments"}, SiteType.RES_APT),
        ({"military": "barracks", "building": "dormitory"}, None), ({"landuse": "military", "amenity": "hospital"}, None),
        ({}, None), ({"amenity": "bench"}, None),
    ],
)  # fmt: skip
def test_tags_say_what_a_place_is_and_nothing_military_is_one(tags, kind):
    assert kind_of_tags(tags) is kind


def test_an_extract_keeps_its_date_its_licence_and_its_areas(land, tmp_path):
    done = load(
        geojson(
            tmp_path,
            ({"amenity": "school", "name": "Fjord School"}, (10.2, 59.12)),
            ({"amenity": "bench"}, (10.2, 59.1)),
        )
    )
    assert (done.sites, done.left_out) == (1, {"nothing civilian that we count": 1})
    [site] = session.scalars(select(BaselineSite))
    assert (site.site_type, site.name, site.adm2_pcode, site.adm3_pcode) == (
        "EDU.SCHOOL",
        "Fjord School",
        "NO9001",
        "NO900101",
    )
    [kept] = baselines.baselines()
    assert (kept.source, kept.dated_on, kept.licence, kept.sites, kept.refused) == ("OSM", DAY, "ODbL-1.0", 1, 1)
    assert session.scalar(select(LedgerEntry.details).where(LedgerEntry.event == "baseline.loaded"))["sites"] == 1


def test_a_geopackage_of_outlines_with_other_tags_is_read(land, tmp_path):
    shapes = shapely.to_wkb([shapely.box(10.2, 59.1, 10.21, 59.11), shapely.box(10.3, 59.1, 10.31, 59.11)])
    tags = np.array(['"amenity"=>"hospital","beds"=>"40"', '"power"=>"substation"'], dtype=object)
    path = tmp_path / "extract.gpkg"
    pyogrio.raw.write(path, shapes, [tags], ["other_tags"], geometry_type="Polygon", crs="EPSG:4326", layer="places")
    load(path)
    assert kinds() == {"HEA.HOSP": 1, "ENE.SUB": 1}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_ministrys_table_is_read_with_its_own_words(land, tmp_path, separator):
    rows = [
        ["Name", "Lat", "Lon", "Kind"],
        ["No 1", "59.12", "10.2", "Secondary"],
        ["No 2", "59.13", "10.2", "Barracks"],
        ["No 3", "", "", "Secondary"],
    ]
    path = tmp_path / "schools.csv"
    path.write_text("\n".join(separator.join(row) for row in rows), encoding="utf-8-sig")
    how = Reading(kind="list", type_column="kind", words={"secondary": SiteType.EDU_SCHOOL})
    done = load(path, how, source="Ministry of Education", licence="CC-BY-4.0")
    assert (done.sites, done.left_out) == (1, {"its kind is in no table": 1, "no place on earth": 1})


def test_healthsites_gives_health_sites_only(land, tmp_path):
    path = geojson(tmp_path, ({"amenity": "clinic"}, (10.2, 59.12)), ({"amenity": "school"}, (10.21, 59.12)))
    assert load(path, Reading(kind="healthsites"), source="healthsites.io").left_out == {"not a health site": 1}
    assert kinds() == {"HEA.CLINIC": 1}


def test_a_hospital_drawn_twice_counts_once_and_neighbouring_homes_count_each(land, tmp_path):
    places = (10.2, 59.12), (10.2003, 59.1201)
    hospitals = [({"amenity": "hospital"}, place) for place in places]
    homes = [({"building": "apartments"}, place) for place in places]
    assert load(geojson(tmp_path, *hospitals, *homes)).twins == 1
    assert kinds() == {"HEA.HOSP": 1, "RES.APT": 2}


def test_two_lists_of_the_same_hospitals_do_not_make_twice_as_many(land, tmp_path):
    path = geojson(tmp_path, *(({"amenity": "hospital"}, (10.1 + at / 50, 59.12)) for at in range(4)))
    load(path)
    load(path, Reading(kind="healthsites"), source="healthsites.io")
    place = Whereabouts(h3_r9=None, pcodes=("NO90", "NO9001", None))
    assert Neighbourhood().around(place)["S3", "ADM2"] == 4


def test_a_newer_list_takes_the_place_of_the_older_and_an_older_one_is_refused(land, tmp_path):
    load(geojson(tmp_path, ({"amenity": "school"}, (10.2, 59.12)), ({"amenity": "school"}, (10.3, 59.12))))
    load(geojson(tmp_path, ({"amenity": "school"}, (10.2, 59.12))), dated_on=DAY + timedelta(days=9))
    assert kinds() == {"EDU.SCHOOL": 1}
    assert session.scalar(select(func.count()).select_from(Baseline).where(Baseline.replaced_at.is_not(None))) == 1
    with pytest.raises(UnusableBaseline, match="newer list"):
        load(geojson(tmp_path, ({"amenity": "school"}, (10.2, 59.12))))


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("a.geojson", "{", "map layer"),
        ("a.csv", "name,where\nx,y\n", "column lat"),
        ("a.csv", "lat,lon\n59,10\n", "Nothing in this file"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(land, tmp_path, name, text, why):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UnusableBaseline, match=why):
        load(path)


@pytest.mark.parametrize(
    "changes", [{"source": " "}, {"licence": ""}, {"dated_on": now().date() + timedelta(days=2)}], ids=str
)
def test_a_list_without_source_licence_or_honest_date_is_refused(land, tmp_path, changes):
    with pytest.raises(UnusableBaseline):
        load(geojson(tmp_path, ({"amenity": "school"}, (10.2, 59.12))), **changes)


def test_the_commands_load_a_list_and_say_what_is_in_none(land, app, tmp_path):
    path = geojson(tmp_path, ({"amenity": "school"}, (10.2, 59.12)))
    words = [
        "baselines",
        "load",
        str(path),
        "--kind",
        "osm",
        "--source",
        "OSM",
        "--dated",
        "2026-06-01",
        "--licence",
        "ODbL-1.0",
    ]
    said = app.test_cli_runner().invoke(args=words)
    assert (said.exit_code, "1 places loaded" in said.output) == (0, True), said.output
    listed = app.test_cli_runner().invoke(args=["baselines", "list"]).output
    assert "2026-06-01" in listed
    assert "HEA.HOSP" in listed.partition("In no list:")[2]
