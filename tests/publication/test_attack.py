"""The attack on ourselves: a program with only the public side tries to find protected places more finely than the grid.

It fails. And where the rules are broken on purpose, it finds them: else its failing would prove nothing.
"""

import http.client
import threading
from dataclasses import replace

import pytest
from werkzeug.serving import make_server

from server.publication import api, changing, kinds, policy, release_jobs, rules
from server.publication.formats import FORMATS
from server.publication.kinds import Naming
from server.publication.policy import Approval
from server.vocabulary import ContextMode, GeometryLevel, SensitivityClass, Tier
from tests.publication.attack.country import judge_of, land, live_through, one_is_taken_back, settle_land, warn_of_gas
from tests.publication.attack.helping import HELPERS, settle_helpers
from tests.publication.attack.judge import Judge
from tests.publication.attack.log import written
from tests.publication.attack.stranger import Answer, Stranger
from tests.publication.attack.turned import TURNED
from tests.publication.attack.ways import WAYS

pytestmark = [pytest.mark.committed, pytest.mark.slow]
PLACE_WAYS = ("filters by blank areas", "places that fit", "one release against the next")


@pytest.fixture(autouse=True)
def few_formats(monkeypatch):
    """The dated data sets hold a table; each format has tests of its own."""
    monkeypatch.setattr(release_jobs, "FORMATS", {"csv": FORMATS["csv"]})
    monkeypatch.setattr(release_jobs, "STEPS", 3)


@pytest.fixture
def served(app, live):
    """The house behind a real socket; gives what asks it."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)

    def ask(address):
        line.request("GET", address)
        answer = line.getresponse()
        return Answer(status=answer.status, headers=dict(answer.headers), body=answer.read())

    yield ask
    line.close()
    server.shutdown()
    server.server_close()


def attacked(served, ways=WAYS, **how):
    """Live through two months, let every way try, and judge; returns what was found, and what was asked and claimed."""
    api.memory.forget()
    known, truths = settle_land()
    helped = Judge(truths=settle_helpers(), areas=land())
    stranger = Stranger(served, areas=land(), sites=known)
    live_through(stranger, **how)
    warn_of_gas()
    judge = judge_of(truths)
    claims = {name: list(WAYS[name](stranger)) for name in ways}
    found = judge.breaches(claim for name, made in claims.items() for claim in made if name != HELPERS)
    found |= helped.breaches(claims.get(HELPERS, []))
    return found, claims, stranger


def test_no_way_finds_a_protected_place_more_finely_than_the_grid(served, app, tmp_path_factory):
    found, claims, stranger = attacked(served, on_day=one_is_taken_back)
    log = written(claims, found, stranger)
    assert len(WAYS) >= 12
    assert len(stranger.rows) > 20
    assert len(stranger.work[-1][1]) == 8, "there is a table to attack"
    assert found == {}, log


def test_a_policy_that_forgets_to_hide_a_hospital_is_found_out(served, monkeypatch):
    right = policy.policy()
    broken = {
        key: replace(row, ladder=(GeometryLevel.H3_9,), k=0, approval=Approval.NONE)
        if key[0] is Tier.PUBLIC and key[2] is SensitivityClass.S3
        else row
        for key, row in right.rows.items()
    }
    monkeypatch.setattr(changing, "in_force", lambda _now: replace(right, rows=broken))
    found, _claims, _stranger = attacked(served, ways=PLACE_WAYS)
    assert "places that fit" in found


def named_by_the_group(site, numbers, *, k, **_how):
    """A kind is named by its group wherever k places of the group exist, though the others of it may be named by their type."""
    alike = dict(zip(kinds.OF_CLASS[site.sensitivity], numbers, strict=True))
    group = sum(n for kind, n in alike.items() if kind.group is site.group)
    return Naming.TYPE if alike[site] >= k else Naming.GROUP if group >= k else Naming.LEFT_OUT


def test_waits_from_the_event_itself_blanks_that_tell_and_helpers_as_if_it_were_calm_are_found_out(served, monkeypatch):
    monkeypatch.setattr(rules, "period_end", lambda moment, _level, **_where: moment)
    monkeypatch.setattr(rules, "named", named_by_the_group)
    right = policy.policy()
    calm = right.activities.by_mode[ContextMode.DISASTER]
    at_war = replace(right.activities, by_mode={**right.activities.by_mode, ContextMode.CONFLICT_ACTIVE: calm})
    monkeypatch.setattr(changing, "in_force", lambda _now: replace(right, activities=at_war))
    found, _claims, _stranger = attacked(served, ways=("the day on which a row appears", TURNED, HELPERS))
    assert found.keys() == {"the day on which a row appears", TURNED, HELPERS}
