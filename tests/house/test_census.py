"""The census: every column says what it is and who may see it, and nothing leaves the house against its passport."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Enum, text

from server.core.choices import Choice
from server.core.database import Base
from server.core.schemas import AutoSchema
from server.publication.five_w_models import PublishedActivity
from server.publication.five_w_schemas import PublicActivity
from server.publication.formats import FORMATS
from server.publication.models import PublishedArea, PublishedBatch, PublishedIncident
from server.publication.schemas import PublicArea, PublicBatch, PublicIncident
from server.vocabulary import Audience
from tests.house.rooms import import_every_room

SERVER = Path(__file__).resolve().parents[2] / "server"
import_every_room()
COLUMNS = {f"{table.fullname}.{column.name}": column for table in Base.metadata.sorted_tables for column in table.columns}
AUTO_SCHEMAS = sorted(
    (schema for schema in AutoSchema.__subclasses__() if schema.__module__.startswith("server.")),  # not those of other tests
    key=lambda schema: schema.__name__,
)
# Who reads a schema's fields. A new schema is refused until it says so here.
READ_BY = {
    "PublicIncident": Audience.PUBLIC,
    "PublicArea": Audience.PUBLIC,
    "PublicActivity": Audience.PUBLIC,
    "PublicBatch": Audience.PUBLIC,
    "PublicRelease": Audience.PUBLIC,
    "PublicFile": Audience.PUBLIC,
    "PublicChange": Audience.PUBLIC,
    "DeskReport": Audience.COORD,
}
# Other people's open data, and attacks and disasters by the names the world gave them.
KNOWN_WORLD = {"admin_areas", "gazetteer_names", "gazetteer_places", "events"}
ONLY_TAKEN_IN = {"NewReport"}  # a door into the house: it shows nobody anything


def columns_of(schema):
    """The columns a schema names, less the fields it declares itself and the shape that travels as the geometry."""
    table = schema.Meta.model.__table__
    return [table.columns[name] for name in schema.Meta.fields if name in table.columns]


def public_columns(model):
    return {column.name for column in model.__table__.columns if column.info["audience"] is Audience.PUBLIC}


@pytest.mark.pure
def test_the_census_counts_the_whole_house():
    assert len(COLUMNS) > 200
    assert {"reports.point", "vault.report_secrets.sealed", "pub.incidents.lat", "photos.state"} <= COLUMNS.keys()


@pytest.mark.pure
def test_every_column_says_what_it_is_and_who_may_see_it():
    silent = [
        name
        for name, column in COLUMNS.items()
        if not column.info.get("label") or not isinstance(column.info.get("audience"), Audience)
    ]
    assert silent == []


@pytest.mark.pure
def test_every_schema_over_columns_says_who_reads_it():
    assert {schema.__name__ for schema in AUTO_SCHEMAS} == READ_BY.keys() | ONLY_TAKEN_IN


@pytest.mark.pure
@pytest.mark.parametrize("schema", AUTO_SCHEMAS, ids=lambda schema: schema.__name__)
def test_no_schema_names_a_column_that_its_readers_may_not_see(schema):
    reader = READ_BY.get(schema.__name__, Audience.INTERNAL)
    assert [column.name for column in columns_of(schema) if column.info["audience"] > reader] == []


@pytest.mark.pure
def test_the_public_sees_exactly_the_columns_whose_passport_says_so():
    assert set(PublicIncident.Meta.fields) == public_columns(PublishedIncident)
    assert set(PublicActivity.Meta.fields) == public_columns(PublishedActivity)
    assert set(PublicBatch.Meta.fields) == public_columns(PublishedBatch)
    assert {*PublicArea.Meta.fields, "shape"} == public_columns(PublishedArea)


@pytest.mark.pure
def test_beside_the_public_copy_only_the_known_world_is_public():
    public = {name.rpartition(".")[0] for name, column in COLUMNS.items() if column.info["audience"] is Audience.PUBLIC}
    assert {name for name in public if not name.startswith("pub.")} == KNOWN_WORLD


@pytest.mark.pure
def test_every_public_column_has_a_humanitarian_tag():
    assert [c.name for c in PublishedIncident.__table__.columns if c.info["audience"] is Audience.PUBLIC and not c.info["hxl"]] == []


@pytest.mark.pure
def test_no_module_of_the_public_side_declares_a_shape_beside_the_census():
    """Every marshmallow schema in publication is either over columns or takes questions in."""
    module = import_module("server.publication.schemas")
    shapes = {name for name, kind in inspect.getmembers(module, inspect.isclass) if kind.__module__ == module.__name__}
    assert shapes == {"PublicIncident", "PublicArea", "PublicBatch", "PublicFilter", "PublicPage", "Nearby"}


def test_the_api_the_files_and_the_features_give_exactly_the_public_columns(client, norway, publish):
    norway.incident()
    publish()
    marked = public_columns(PublishedIncident)
    [item] = client.get("/api/v1/public/incidents").get_json()["items"]
    one = client.get(f"/api/v1/public/incidents/{item['incident_id']}").get_json()
    features = client.get("/api/v1/public/incidents.geojson").get_json(force=True)["features"]
    ogc = client.get("/ogc/collections/incidents/items").get_json(force=True)["features"]
    assert set(item) == marked
    assert set(one.get("properties", one)) == marked
    for found in (*features, *ogc):
        assert set(found) == {"type", "id", "geometry", "properties"}
        assert set(found["properties"]) == marked
    for name in FORMATS:
        if name.endswith("csv"):
            head = client.get(f"/api/v1/public/incidents.{name}").text.lstrip("\ufeff").splitlines()[0]
            assert set(head.split(",")) == marked


def test_the_tables_of_the_public_copy_are_those_of_the_models(database):
    found = database.execute(
        text("SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'pub'")
    )
    assert {f"pub.{name}" for (name,) in found} == {name for name in COLUMNS if name.startswith("pub.")}


def coded_columns():
    """Every column that holds codes, as (table, column, codes)."""
    for name, column in COLUMNS.items():
        choice = column.info.get("choice") or (column.type.enum_class if isinstance(column.type, Enum) else None)
        if choice is not None and issubclass(choice, Choice):
            yield name.rpartition(".")[0], column.name, set(choice.codes())


def test_the_check_of_every_coded_column_equals_its_list(database):
    """The migration is compared with the vocabulary, so that a code added to one alone shows."""
    checks = {
        (row.place, row.name): row.rule
        for row in database.execute(
            text(
                "SELECT conrelid::regclass::text AS place, a.attname AS name, pg_get_constraintdef(c.oid) AS rule "
                "FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1] "
                "WHERE contype = 'c' AND array_length(conkey, 1) = 1"
            )
        )
        if "ARRAY[" in row.rule
    }
    wrong = []
    for table, column, codes in coded_columns():
        rule = checks.get((table, column), "")
        allowed = set(rule.split("'")[1::2])
        if allowed != codes:
            wrong.append((table, column, sorted(allowed ^ codes)))
    assert wrong == []
