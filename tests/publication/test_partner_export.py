"""What a partner takes away: by the rules of the partners' tier, of the own areas, numbered, told in the ledger, kept nowhere."""

import csv
import io

import h3
import pytest
from sqlalchemy import select, text, update

from server.accounts.policy import SYSTEM
from server.core.database import session
from server.core.ledger import LedgerEntry
from server.matching.models import Incident
from server.publication import partner_export
from server.publication.holding_models import PartnerDisclosure, PartnerExport
from server.publication.takedown import withdraw_from_public
from server.vocabulary import Certainty, SiteType
from tests.publication import town

PAGE = "/desk/partner-export"


@pytest.fixture
def here(norway, monkeypatch):
    """The town at war, at the town's own hour."""
    norway.said("CONFLICT_ACTIVE")
    monkeypatch.setattr(partner_export, "present", lambda: town.NOW)
    return norway


def take(browser, purpose="roof repairs"):
    return browser.post(PAGE, data={"purpose": purpose})


def table(answer):
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_a_partner_gets_cells_and_districts_and_never_a_point_a_name_or_whether_it_still_works(as_, here):
    home = here.incident()
    hospital = here.incident(SiteType.HEA_HOSP)
    rows = {row["record"]: row for row in table(take(as_("dario")))}
    assert rows[home.public_id]["h3_cell"] == home.h3_r9
    assert rows[hospital.public_id]["h3_cell"] == h3.cell_to_parent(hospital.h3_r9, 8)
    for row in rows.values():
        assert {row[name] for name in ("lat", "lon", "site_name", "functional_status", "weapon_type")} == {""}


def test_the_table_has_a_number_an_end_and_a_checksum_and_only_these_are_kept(as_, here, people):
    here.incident()
    answer = take(as_("dario"))
    [row] = table(answer)
    [kept] = session.scalars(select(PartnerExport))
    assert (row["export_id"], row["delete_by"]) == (kept.export_id, kept.expires_at.date().isoformat())
    assert answer.headers["X-Content-Sha256"] == kept.sha256
    assert answer.headers["Cache-Control"] == "no-store"
    [told] = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "partner.exported"))
    assert (told.subject_id, told.details["rows"]) == (kept.id, 1)
    assert kept.export_id in as_("dario").get(PAGE).text
    assert kept.export_id not in as_("chipo").get(PAGE).text


def test_rumours_and_what_the_kill_switch_took_are_in_no_table(as_, here):
    here.incident(certainty=Certainty.RUMOUR)
    gone = here.incident()
    withdraw_from_public(SYSTEM, kind="record", code=gone.public_id)
    session.expire_all()
    assert table(take(as_("dario"))) == []


def test_every_table_has_an_order_of_its_own(as_, here):
    for _ in range(12):
        here.incident()
    dario = as_("dario")
    first, second = ([row["record"] for row in table(take(dario))] for _ in range(2))
    assert (sorted(first), first != second) == (sorted(second), True)


def test_what_was_told_once_is_remembered_and_a_record_that_moved_is_told_no_finer_elsewhere(as_, here):
    record = here.incident()
    dario = as_("dario")
    take(dario)
    [told] = session.scalars(select(PartnerDisclosure))
    assert (told.incident_id, told.area_code) == (record.id, record.h3_r9)
    far = h3.latlng_to_cell(town.SOUTH + 0.4, 10.05, 9)
    session.execute(update(Incident).where(Incident.id == record.id).values(h3_r9=far, adm3_pcode="NO900102"))
    session.expire_all()
    assert [row["h3_cell"] for row in table(take(dario))] in ([], [""])


@pytest.mark.parametrize("name", ["amal", "bohdan", "sana", "ada", "walid", "eve"])
def test_only_partners_and_coordinators_take_tables(as_, here, name):
    browser = as_(name)
    assert (browser.get(PAGE).status_code, take(browser).status_code) == (403, 403)


def test_a_table_needs_a_purpose_and_nobody_takes_more_than_ten_a_day(as_, here):
    dario = as_("dario")
    assert take(dario, purpose=" ").status_code == 422
    assert [take(dario).status_code for _ in range(11)] == [200] * 10 + [429]


def test_who_gave_the_password_long_ago_is_asked_for_it_again(as_, here, database):
    dario = as_("dario")
    database.execute(
        text("UPDATE sign_ins SET contents = contents || CAST('{\"fs_paa\": 1}' AS jsonb) - CAST('fs_gexp' AS text)")
    )
    assert "/account/confirm" in dario.get(PAGE).headers["Location"]
    assert take(dario).status_code == 403
    assert session.scalar(select(PartnerExport.id)) is None
