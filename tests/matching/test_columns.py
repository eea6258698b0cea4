"""Large installations answer filters from columns in memory: the same numbers as the table's, and true after every act."""

import random
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import text

from server.coordination import news
from server.core.response import this_response
from server.matching import columns, filters, queries, tiles
from server.vocabulary import (
    Certainty,
    FunctionalStatus,
    Hazard,
    NeedType,
    SiteGroup,
    SiteType,
    SourceType,
    WorkflowState,
)

ROWS = """
INSERT INTO incidents (id, public_id, point, site_type, s_class, damage_min, damage_max, damage_best, certainty, workflow, functional_status,
  needs, hazards, people_trapped, event_earliest, event_latest)
SELECT gen_random_uuid(), 'C' || n, CASE WHEN n % 9 > 0 THEN ST_SetSRID(ST_MakePoint(-57 + n % 13 / 10.0, -34 + n % 7 / 10.0), 4326) END,
  (CAST(:sites AS text[]))[1 + n % :site_count], 'S1', 0, 4, CASE WHEN n % 6 < 5 THEN n % 6 END,
  (CAST(:certain AS text[]))[1 + n % :certain_count], (CAST(:states AS text[]))[1 + n % :state_count],
  (CAST(:works AS text[]))[1 + n % :work_count],
  CASE WHEN n % 4 = 0 THEN ARRAY[(CAST(:needs AS text[]))[1 + n % :need_count]]::varchar[] ELSE '{}' END,
  CASE WHEN n % 5 = 0 THEN ARRAY[(CAST(:hazards AS text[]))[1 + n % :hazard_count]]::varchar[] ELSE '{}' END, n % 11 = 0,
  CASE WHEN n % 10 > 0 THEN now() - n % 40 * interval '7 hours' END, CASE WHEN n % 10 > 0 THEN now() - n % 40 * interval '6 hours' END
FROM generate_series(1, 600) AS n
"""
LISTS = {
    "sites": SiteType, "certain": Certainty, "states": WorkflowState, "works": FunctionalStatus, "needs": NeedType, "hazards": Hazard,
}  # fmt: skip
COUNTS = {"sites": "site_count", "certain": "certain_count", "states": "state_count", "works": "work_count", "needs": "need_count", "hazards": "hazard_count"}


@pytest.fixture
def many(database, monkeypatch):
    """Six hundred records of every kind; the columns take the installation for a large one."""
    codes = {name: [code.value for code in kind] for name, kind in LISTS.items()}
    database.execute(text(ROWS), codes | {COUNTS[name]: len(found) for name, found in codes.items()})
    monkeypatch.setattr(columns, "LARGE", -1)
    monkeypatch.setattr(columns, "FRESH_S", 0.0)
    columns.MIRROR.forget()
    yield database
    columns.MIRROR.forget()


def asked_for(dice):
    """Some filters at random, as an address has them."""
    from werkzeug.datastructures import MultiDict

    pool = {
        "site_type": list(SiteType), "site_group": list(SiteGroup), "certainty": list(Certainty), "workflow": list(WorkflowState),
        "function": list(FunctionalStatus), "need": list(NeedType), "hazard": list(Hazard), "damage": ["0", "1", "2", "3", "4", "U"],
    }  # fmt: skip
    given = MultiDict()
    for name in dice.sample(sorted(pool), dice.randrange(4)):
        given.setlist(name, [str(getattr(code, "value", code)) for code in dice.sample(pool[name], min(len(pool[name]), dice.randrange(1, 9)))])
    if dice.random() < 0.5:
        given["trapped"] = dice.choice(["true", "false"])
    return filters.read(given)


def both_ways(ask, monkeypatch):
    """What ``ask`` gives from the columns, and from the table."""
    by_columns = ask()
    with monkeypatch.context() as without:
        without.setattr(columns.MIRROR, "present", lambda: None)
        return by_columns, ask()


@pytest.mark.parametrize("seed", range(6))
def test_counts_and_tiles_under_any_filters_are_those_of_the_table(many, monkeypatch, seed):
    dice = random.Random(seed)
    for _ in range(8):
        asked = asked_for(dice)
        assert columns.numbers(asked, queries.OPEN_STATES) is not None
        ours, table = both_ways(lambda asked=asked: queries.summary(asked), monkeypatch)
        assert ours == table, asked
        ours, table = both_ways(lambda asked=asked: sorted(tiles._filtered(3, 2, 4, 8, asked)), monkeypatch)
        assert ours == table, asked


def test_days_are_counted_as_the_table_counts_them(many, monkeypatch):
    from datetime import UTC, datetime, timedelta

    today = datetime.now(UTC).date()
    for back in range(12):
        for days in ({"since": str(today - timedelta(days=back))}, {"until": str(today - timedelta(days=back))}):
            ours, table = both_ways(lambda days=days: queries.summary(filters.read(days)), monkeypatch)
            assert ours == table, days
    assert table["total"] < 600


@pytest.mark.parametrize("zone", ["UTC", "America/Montevideo", "Pacific/Kiritimati"])
def test_the_days_of_the_damage_are_those_of_the_table_to_the_last_microsecond(many, monkeypatch, zone):
    monkeypatch.setattr(news, "this_response", lambda: replace(this_response(), time_zone=zone))
    midnight = "date_trunc('day', now() AT TIME ZONE :zone) AT TIME ZONE :zone - interval '3 days'"
    for lot, moment in (("C1", midnight), ("C2", f"{midnight} - interval '1 microsecond'")):
        many.execute(text(f"UPDATE incidents SET event_earliest = NULL, event_latest = {moment} WHERE public_id LIKE '{lot}%'"), {"zone": zone})
    dice = random.Random(zone)
    for asked in (filters.read({}), filters.read({"workflow": "WITHDRAWN"}), *(asked_for(dice) for _ in range(8))):
        bare = {**asked, "since": None, "until": None}
        ours, table = both_ways(lambda bare=bare: news._bars(bare), monkeypatch)
        assert ours == table, asked
    assert columns.days(filters.read({"q": "C1"}), []) is None


def test_every_act_is_in_the_next_answer(many, monkeypatch):
    assert queries.summary(filters.read({}))["total"] > 0
    changes = (
        "UPDATE incidents SET damage_best = 4, damage_max = 4 WHERE public_id < 'C3'",
        "UPDATE incidents SET workflow = 'CLOSED' WHERE public_id LIKE 'C4%'",
        "UPDATE incidents SET merged_into = (SELECT id FROM incidents WHERE public_id = 'C1') WHERE public_id LIKE 'C5%'",
        "UPDATE incidents SET point = ST_SetSRID(ST_MakePoint(-55.9, -33.9), 4326), needs = '{}' WHERE public_id LIKE 'C2%'",
        "INSERT INTO incidents (id, public_id, s_class, site_type, certainty, workflow, needs, hazards) VALUES (gen_random_uuid(), 'D1', 'S1', 'UNK', 'RUMOUR', 'NEW', '{}', '{}')",
    )
    for change in changes:
        many.execute(text(change))
        for given in ({}, {"damage": "4"}, {"workflow": "CLOSED"}, {"need": NeedType.MED.value}, {"trapped": "true"}):
            ours, table = both_ways(lambda given=given: queries.summary(filters.read(given)), monkeypatch)
            assert ours == table, (change, given)
            ours, table = both_ways(lambda given=given: sorted(tiles._filtered(3, 2, 4, 8, filters.read(given))), monkeypatch)
            assert ours == table, (change, given)


def test_what_only_the_tables_know_is_asked_of_them(many):
    for given in ({"q": "C1"}, {"adm": "NO90"}, {"bbox": "-58,-35,-56,-33"}, {"organisation": str(uuid4())}, {"source": next(iter(SourceType)).value}):
        asked = filters.read(given)
        assert columns.numbers(asked, queries.OPEN_STATES) is None


def test_a_small_installation_asks_the_table(database, monkeypatch):
    columns.MIRROR.forget()
    assert columns.numbers(filters.read({}), queries.OPEN_STATES) is None


def test_a_coordinator_sees_the_same_numbers_either_way(many, as_, monkeypatch):
    chipo = as_("chipo")
    address = "/api/v1/desk/summary?trapped=true"
    ours, table = both_ways(lambda: chipo.get(address).json, monkeypatch)
    assert ours == table
    assert ours["total"] > 0
