"""Large installations answer filters from columns in memory: the same numbers as the table's, and true after every act."""

import random
import types
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import MultiDict

from server.accounts.policy import ANONYMOUS, SYSTEM
from server.accounts.service import ensure_organisation
from server.coordination import areas_pages, news
from server.core.database import session
from server.core.response import this_response
from server.matching import columns, filters, mirror, queries, tiles
from server.reports import access
from server.vocabulary import (
    Certainty,
    FunctionalStatus,
    Hazard,
    NeedType,
    Role,
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
COUNTS = {
    "sites": "site_count",
    "certain": "certain_count",
    "states": "state_count",
    "works": "work_count",
    "needs": "need_count",
    "hazards": "hazard_count",
}


@pytest.fixture
def many(database, monkeypatch):
    """Six hundred records of every kind; the columns take the installation for a large one."""
    codes = {name: [code.value for code in kind] for name, kind in LISTS.items()}
    database.execute(text(ROWS), codes | {COUNTS[name]: len(found) for name, found in codes.items()})
    monkeypatch.setattr(mirror, "LARGE", -1)
    monkeypatch.setattr(mirror, "FRESH_S", 0.0)
    mirror.MIRROR.forget()
    yield database
    mirror.MIRROR.forget()


def asked_for(dice):
    """Some filters at random, as an address has them."""
    pool = {
        "site_type": list(SiteType), "site_group": list(SiteGroup), "certainty": list(Certainty), "workflow": list(WorkflowState),
        "function": list(FunctionalStatus), "need": list(NeedType), "hazard": list(Hazard), "damage": ["0", "1", "2", "3", "4", "U"],
    }  # fmt: skip
    given = MultiDict()
    for name in dice.sample(sorted(pool), dice.randrange(4)):
        given.setlist(
            name,
            [
                str(getattr(code, "value", code))
                for code in dice.sample(pool[name], min(len(pool[name]), dice.randrange(1, 9)))
            ],
        )
    if dice.random() < 0.5:
        given["trapped"] = dice.choice(["true", "false"])
    return filters.read(given)


def both_ways(ask, monkeypatch):
    """What ``ask`` gives from the columns, and from the table."""
    by_columns = ask()
    with monkeypatch.context() as without:
        without.setattr(mirror.MIRROR, "present", lambda: None)
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


@pytest.mark.parametrize("zone", ["UTC", "America/Montevideo", "Pacific/Kiritimati"])
def test_the_days_of_the_damage_are_those_of_the_table_to_the_last_microsecond(many, monkeypatch, zone):
    monkeypatch.setattr(news, "this_response", lambda: replace(this_response(), time_zone=zone))
    midnight = "date_trunc('day', now() AT TIME ZONE :zone) AT TIME ZONE :zone - interval '3 days'"
    for lot, moment in (("C1", midnight), ("C2", f"{midnight} - interval '1 microsecond'")):
        many.execute(
            text(f"UPDATE incidents SET event_earliest = NULL, event_latest = {moment} WHERE public_id LIKE '{lot}%'"),
            {"zone": zone},
        )
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
            ours, table = both_ways(
                lambda given=given: sorted(tiles._filtered(3, 2, 4, 8, filters.read(given))), monkeypatch
            )
            assert ours == table, (change, given)


REPORTED = """
INSERT INTO reports (id, site_type, damage, damage_min, damage_max, channel, payload_sha256, source_type, organisation_id)
SELECT gen_random_uuid(), 'RES.APT', 'D2', 2, 2, 'API', sha256(public_id::bytea),
  (CAST(:sources AS text[]))[1 + abs(hashtext(public_id)) % :source_count], (CAST(:houses AS uuid[]))[1 + abs(hashtext(public_id)) % 3]
FROM incidents WHERE public_id LIKE 'C%'
"""
LAID = """
INSERT INTO attachments (id, report_id, incident_id)
SELECT gen_random_uuid(), r.id, i.id FROM reports r JOIN incidents i ON sha256(i.public_id::bytea) = r.payload_sha256
"""


@pytest.fixture
def reported(many):
    """The same with a report on each, from some kind of source and of two organisations or none; in areas, of every class."""
    houses = [ensure_organisation(f"House {at}").id for at in range(2)]
    session.flush()
    access.enter(SYSTEM)
    codes = [code.value for code in SourceType]
    many.execute(text(REPORTED), {"sources": codes, "source_count": len(codes), "houses": houses})
    many.execute(text(LAID))
    many.execute(
        text("""UPDATE incidents SET adm1_pcode = 'C' || n % 2, adm2_pcode = 'C' || n % 2 || n % 3, adm3_pcode = 'C' || n % 2 || n % 3 || n % 4,
      s_class = (ARRAY['S1', 'S3', 'S4'])[1 + n % 3] FROM (SELECT id AS number, substr(public_id, 2)::int AS n FROM incidents) AS told WHERE number = id""")
    )
    mirror.MIRROR.forget()
    yield houses
    access.enter(ANONYMOUS)


def test_areas_boxes_sources_and_organisations_are_answered_as_the_table_answers(reported, monkeypatch):
    dice = random.Random(3)
    for given in (
        *({"adm": code} for code in ("C0", "C12", "C023", "C999")), *({"source": code.value} for code in list(SourceType)[:4]),
        *({"organisation": str(house)} for house in reported),
        *({"bbox": f"{west},{south},{west + dice.random()},{south + dice.random()}"} for west, south in ((-57 + dice.random(), -34 + dice.random() / 2) for _ in range(6))),
        *({day: str(datetime.now(UTC).date() - timedelta(days=back))} for back in (0, 3, 7, 11) for day in ("since", "until")),
        {"bbox": "-57,-34,-56.5,-33.7"}, {"adm": "C1", "damage": "4", "source": "MEDIA_LOCAL"},
    ):  # fmt: skip
        for exact in (True, False):
            asked = filters.read(given, exact=exact)
            assert columns.numbers(asked, queries.OPEN_STATES) is not None, given
            ours, table = both_ways(lambda asked=asked: queries.summary(asked), monkeypatch)
            assert ours == table, asked
            ours, table = both_ways(lambda asked=asked: sorted(tiles._filtered(3, 2, 4, 8, asked)), monkeypatch)
            assert ours == table, asked


@pytest.mark.parametrize("level", [1, 2, 3])
def test_areas_are_coloured_by_the_counts_of_the_table_and_what_lies_in_none_of_them_is_told(
    reported, monkeypatch, level
):
    known = [types.SimpleNamespace(pcode=code) for code in ("C0", "C00", "C01", "C11", "C000", "C013", "C123", "NONE")]
    monkeypatch.setattr(areas_pages.outlines, "areas", lambda _level: known)
    for given in ({}, {"damage": ["3", "4"]}, {"adm": "C1"}, {"need": NeedType.MED.value}):
        asked = filters.read(MultiDict(given))
        ours, table = both_ways(lambda asked=asked: areas_pages.counts(level, asked), monkeypatch)
        assert ours == table, asked
        assert sum(row[0] for row in ours.values()) == sum(cell[1] for cell in tiles._filtered(0, 0, 0, 4, asked))


def test_a_report_that_moves_takes_its_source_along(reported, many, monkeypatch):
    media = filters.read({"source": "MEDIA_LOCAL"})
    before = queries.summary(media)["total"]
    many.execute(
        text("""UPDATE attachments SET ended_at = now() WHERE id = (SELECT a.id FROM attachments a JOIN reports r ON r.id = a.report_id
      JOIN incidents i ON i.id = a.incident_id WHERE r.source_type = 'MEDIA_LOCAL' AND i.merged_into IS NULL AND i.workflow <> 'WITHDRAWN' LIMIT 1)""")
    )
    ours, table = both_ways(lambda: queries.summary(media)["total"], monkeypatch)
    assert ours == table == before - 1


def test_who_sees_only_the_reports_of_their_own_house_is_answered_by_the_table(reported):
    access.enter(replace(ANONYMOUS, organisation_id=reported[0], roles=frozenset({Role.PARTNER})))
    assert columns.numbers(filters.read({"source": "MEDIA_LOCAL"}), queries.OPEN_STATES) is None
    assert columns.numbers(filters.read({"adm": "C1"}), queries.OPEN_STATES) is not None


def test_the_list_under_filters_turns_its_pages_as_the_table_does(reported, monkeypatch):
    for given in (
        {"damage": "4"},
        {"source": "MEDIA_LOCAL"},
        {"adm": "C1", "certainty": "RUMOUR"},
        {"site_type": "UNK", "since": "2199-01-01"},
    ):

        def pages(asked=filters.read(given)):  # noqa: B008 - read anew for each
            found, cursor = [], None
            while len(found) < 400:
                page = queries.page_of(asked, cursor=cursor, size=20)
                found, cursor = [*found, *(one.public_id for one in page.incidents)], page.cursor
                if cursor is None:
                    return found, page.total
            return found, page.total

        ours, table = both_ways(pages, monkeypatch)
        assert ours == table
        assert len(ours[0]) == min(ours[1], 400)


def test_what_only_the_tables_know_is_asked_of_them(reported):
    house = str(reported[0])
    for given in ({"q": "C1"}, {"organisation": str(uuid4())}, {"source": "MEDIA_LOCAL", "organisation": house}):
        assert columns.numbers(filters.read(given), queries.OPEN_STATES) is None


def test_a_record_is_found_by_its_number_and_by_the_number_of_a_report_on_it(reported, many):
    number, public_id = many.execute(
        text(
            "SELECT a.report_id::text, i.public_id FROM attachments a JOIN incidents i ON i.id = a.incident_id "
            "WHERE i.merged_into IS NULL AND i.workflow <> 'WITHDRAWN' LIMIT 1"
        )
    ).one()
    for written in (number, number[:13], number[:8].upper(), public_id.lower()):
        assert public_id in {one.public_id for one in queries.page_of(filters.read({"q": written}), size=500).incidents}
    for written in ("%", "_1", number[:8] + number[:8], "zz"):
        assert queries.page_of(filters.read({"q": written})).incidents == []


def test_while_the_database_cannot_be_asked_the_table_answers_and_then_what_changed_meanwhile_is_taken_over(
    many, monkeypatch
):
    asked = filters.read({"damage": "4"})
    before = columns.numbers(asked, queries.OPEN_STATES)["total"]
    with monkeypatch.context() as broken:
        broken.setattr(mirror.Mirror, "_take", lambda *_given: (_ for _ in ()).throw(SQLAlchemyError()))
        assert columns.numbers(asked, queries.OPEN_STATES) is None
    many.execute(text("UPDATE incidents SET damage_best = 3, damage_max = 4 WHERE id = (SELECT id FROM incidents WHERE damage_best = 4 "
                      "AND merged_into IS NULL AND workflow <> 'WITHDRAWN' LIMIT 1)"))  # fmt: skip
    with monkeypatch.context() as watched:
        read, looked = mirror._Reader.read, []
        watched.setattr(
            mirror._Reader,
            "read",
            lambda self, connection, since: looked.append(since) or read(self, connection, since),
        )
        assert columns.numbers(asked, queries.OPEN_STATES)["total"] == before - 1
    assert looked
    assert None not in looked


def test_a_small_installation_asks_the_table(database, monkeypatch):
    mirror.MIRROR.forget()
    assert columns.numbers(filters.read({}), queries.OPEN_STATES) is None


def test_a_coordinator_sees_the_same_numbers_either_way(many, as_, monkeypatch):
    chipo = as_("chipo")
    address = "/api/v1/desk/summary?trapped=true"
    ours, table = both_ways(lambda: chipo.get(address).json, monkeypatch)
    assert ours == table
    assert ours["total"] > 0
