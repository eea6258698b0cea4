"""What tests of the public copy stand on."""

import pytest
from sqlalchemy import create_engine

from server.core.database import public_session, session, settled
from server.publication import api
from server.publication.service import publish_batch
from server.vocabulary import SiteType
from tests.publication import town


@pytest.fixture
def norway(database):
    """The made-up town, with enough homes, schools and hospitals to hide one among them."""
    town.areas()
    for kind in (SiteType.RES_APT, SiteType.EDU_SCHOOL, SiteType.HEA_HOSP):
        town.baseline(kind, town.MIDDLE[0] - 0.05, town.SOUTH + 0.12)
    return town


@pytest.fixture
def publish(database):
    """Make a batch at the town's now, or later, to which two people have agreed."""

    def run(at=town.NOW, agreed=town.AGREED):
        batch = publish_batch(at, agreed=agreed)
        session.flush()
        session.expire_all()
        return batch

    return run


@pytest.fixture
def live(app, live_database):
    """Both sessions on a database of their own, each under its own role, with a few records published and committed."""
    own = create_engine(live_database)
    strangers = create_engine(live_database.set(username="tessera_public"))
    before = {scoped: dict(scoped.session_factory.kw) for scoped in (session, public_session)}
    for scoped, engine in ((session, own), (public_session, strangers)):
        scoped.remove()
        scoped.session_factory.kw.clear()
        scoped.configure(bind=engine)
    api.memory.forget()
    yield app.test_client()
    for scoped, was in before.items():
        scoped.remove()
        scoped.session_factory.kw.clear()
        scoped.session_factory.kw.update(was)
    own.dispose()
    strangers.dispose()


@pytest.fixture
def published(live):
    with settled():
        town.areas()
        town.baseline(SiteType.RES_APT, 10.2, 59.12)
        town.said("CONFLICT_ACTIVE", pcode=town.DISTRICTS[0])
        town.said("DISASTER", pcode=town.DISTRICTS[1])
        town.incident()
        town.incident(SiteType.EDU_SCHOOL, lon=10.8, lat=59.2)
    with settled():
        publish_batch(town.NOW, agreed=town.AGREED)
    return live
