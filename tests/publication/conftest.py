"""What tests of the public copy stand on."""

import pytest

from server.core.database import session
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
    """Make a batch at the town's now, or later."""

    def run(at=town.NOW):
        batch = publish_batch(at)
        session.flush()
        session.expire_all()
        return batch

    return run
