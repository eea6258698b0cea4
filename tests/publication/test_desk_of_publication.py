"""The desk's pages of publication, as the people who use them: approvals, signatures, the switches, lists, measures, proofs."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.core.clock import now
from server.core.database import session
from server.core.erasure import prove
from server.publication import situations
from server.publication.models import PublishedIncident
from server.publication.service import publish_batch
from server.vocabulary import SiteType

DESK = "/desk/publication"
DAY = timedelta(days=1)
PAGES = ("", "/rules", "/situations", "/lists", "/measures", "/erasures")


@pytest.fixture
def war(norway, people):
    """A home and a hospital, due, in an active conflict; and a camp that nothing hides. Nobody has agreed to anything."""
    norway.said("CONFLICT_ACTIVE", since=now() - DAY, until=now() + 20 * DAY)
    long_ago = now() - 90 * DAY
    dated = {
        "event_earliest": long_ago,
        "event_latest": long_ago,
        "evidence_received_at": long_ago,
        "first_received_at": long_ago,
    }
    made = [norway.incident(kind, **dated) for kind in (SiteType.RES_APT, SiteType.HEA_HOSP, SiteType.RES_CAMP)]
    batch()
    session.commit()
    return [(one.id, one.public_id) for one in made]


def batch():
    made = publish_batch(now())
    session.commit()
    return made


def page(browser, rest=""):
    answer = browser.get(DESK + rest)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def public():
    session.expire_all()
    return sorted(str(row.site_group) for row in session.scalars(select(PublishedIncident)))


def agree_to_all(browser):
    for proposal in re.findall(rf"{DESK}/agree/([0-9a-f-]+)", page(browser)):
        assert browser.post(f"{DESK}/agree/{proposal}").status_code == 303


@pytest.mark.parametrize("rest", PAGES)
@pytest.mark.parametrize("name", ["sana", "pilar", "chipo"])
def test_every_page_opens_to_those_who_answer_for_publication(as_, war, name, rest):
    assert "Publication" in page(as_(name), rest)


def test_two_people_approve_the_routine_and_the_next_update_shows_it(as_, war):
    sana, pilar = as_("sana"), as_("pilar")
    assert "not approved" in page(sana)
    sana.post(f"{DESK}/approve", data={"days": "7"})
    assert f"{DESK}/agree/" not in page(sana)
    agree_to_all(pilar)
    batch()
    assert public() == ["RES"]


def test_a_hospital_is_signed_by_steward_and_protection_who_see_the_public_row(as_, war):
    sana, pilar = as_("sana"), as_("pilar")
    seen = page(sana)
    assert "Hospital: severe damage; confirmed" in seen
    [mark] = re.findall(r'name="rows" value="([0-9a-f]{64})"', seen)
    assert sana.post(f"{DESK}/sign", data={"rows": [mark]}).status_code == 303
    agree_to_all(pilar)
    batch()
    assert public() == ["HEA"]


def test_signing_nothing_or_an_invention_is_refused(as_, war):
    sana = as_("sana")
    assert sana.post(f"{DESK}/sign", data={}).status_code == 412
    assert sana.post(f"{DESK}/sign", data={"rows": ["0" * 64]}).status_code == 412


def test_an_area_is_taken_out_by_one_click_and_put_back_by_two_people(as_, war):
    sana, pilar, chipo = as_("sana"), as_("pilar"), as_("chipo")
    sana.post(f"{DESK}/approve", data={"days": "7"})
    agree_to_all(pilar)
    batch()
    assert chipo.post(f"{DESK}/take-out", data={"scope": "area", "code": "NO9001"}).status_code == 303
    assert public() == []
    assert chipo.post(f"{DESK}/put-back", data={"records": [war[0][1]]}).status_code == 403
    sana.post(f"{DESK}/put-back", data={"records": [war[0][1]], "reason": "a mistake"})
    batch()
    assert public() == []
    agree_to_all(pilar)
    batch()
    assert public() == ["RES"]


@pytest.mark.parametrize(
    "data",
    [
        {"scope": "planet", "code": "x"},
        {"scope": "area", "code": ""},
        {"scope": "site_group", "code": "XXX"},
        {"scope": "everything"},
    ],
    ids=str,
)
def test_a_switch_that_is_meant_for_nothing_does_nothing(as_, war, data):
    assert as_("sana").post(f"{DESK}/take-out", data=data).status_code == 422


def test_everything_goes_out_only_when_it_is_meant(as_, war):
    assert as_("pilar").post(f"{DESK}/take-out", data={"scope": "everything", "sure": "yes"}).status_code == 303


def test_the_desk_says_what_stays_hidden_because_no_list_knows_it(as_, war):
    assert "no list knows such a place" in page(as_("sana"), "/lists")


def test_the_measures_say_how_much_is_hidden_and_ask_to_look_again(as_, war, app):
    seen = page(as_("sana"), "/measures")
    assert "S4" in seen
    assert "look again" in seen
    said = app.test_cli_runner().invoke(args=["publication", "utility"]).output
    assert re.search(r"S4 +1 +1 +0 +1 .*review", said), said
    assert "hidden: 1 of RES.CAMP" in said


def test_the_proofs_show_what_is_left(as_, war):
    prove("words", erased=3, left=lambda: 2)
    session.commit()
    assert re.search(r'badge danger">2<', page(as_("sana"), "/erasures"))


def test_a_rule_is_tightened_at_once_and_loosened_by_two(as_, war):
    sana, pilar = as_("sana"), as_("pilar")
    asked = {"context": "CONFLICT_ACTIVE", "sensitivity": "S1", "field": "delay_h", "reason": "agreed"}
    assert sana.post(f"{DESK}/rules", data={**asked, "value": "72"}).headers["Location"].endswith("changed")
    assert (
        sana.post(f"{DESK}/rules", data={**asked, "value": "48", "days": "10"}).headers["Location"].endswith("proposed")
    )
    agree_to_all(pilar)
    seen = page(sana, "/rules")
    assert ("tightens" in seen, "loosens" in seen) == (True, True)


def test_an_authority_warns_and_ends_its_warning(as_, war, client):
    walid = as_("walid")
    assert (
        walid.post(f"{DESK}/warnings", data={"hazard": "HZ.MINE", "area_code": "NO900101", "hours": "24"}).status_code
        == 303
    )
    [told] = client.get("/api/v1/public/warnings").get_json()["items"]
    assert told["warning_id"] in page(walid, "/warnings")
    walid.post(f"{DESK}/warnings/{told['warning_id']}/end")
    assert client.get("/api/v1/public/warnings").get_json()["items"] == []


# ── Situations ───────────────────────────────────────────────────────────────────────────────────────────────────────


def say(browser, mode, pcode="NO9002", days="9", reason="agreed with the working group"):
    return browser.post(f"{DESK}/situations", data={"pcode": pcode, "mode": mode, "days": days, "reason": reason})


def modes():
    return {(one.pcode, one.mode.value) for one in situations.said_now()}


def test_a_stricter_situation_holds_at_once(as_, war):
    assert say(as_("pilar"), "CONFLICT_ACTIVE").headers["Location"].endswith("said")
    assert ("NO9002", "CONFLICT_ACTIVE") in modes()


def test_a_looser_situation_waits_for_a_second_person_and_ends_what_was_said_before(as_, war):
    pilar, sana = as_("pilar"), as_("sana")
    say(pilar, "CONFLICT_ACTIVE")
    assert say(pilar, "DISASTER").headers["Location"].endswith("proposed")
    assert ("NO9002", "DISASTER") not in modes()
    agree_to_all(sana)
    assert {mode for pcode, mode in modes() if pcode == "NO9002"} == {"DISASTER"}


@pytest.mark.parametrize("changes", [{"pcode": "XX"}, {"days": "31"}, {"days": "0"}, {"reason": " "}], ids=str)
def test_a_situation_of_nowhere_for_too_long_or_without_a_reason_is_refused(as_, war, changes):
    assert say(as_("pilar"), "DISASTER", **changes).status_code == 422


@pytest.mark.parametrize("name", ["sana", "chipo", "bohdan"])
def test_only_the_protection_focal_point_says_in_what_situation_an_area_is(as_, war, name):
    assert say(as_(name), "CONFLICT_ACTIVE").status_code == 403
