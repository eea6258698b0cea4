"""The situation report: three audiences see three things, on the page, as PDF and as one file; each printing is noted."""

import base64
import hashlib
import io
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from server.coordination import paper_pdf, papers
from server.coordination.situation import FINEST_GRID, gathered
from server.coordination.situation_map import drawing
from server.core import application
from server.core.clock import now
from server.core.database import session
from server.core.i18n import in_language
from server.core.response import say_fact
from server.publication.service import publish_batch
from server.vocabulary import Certainty, SiteType, Tier, WorkflowState
from tests.coordination.test_saved_views import save
from tests.publication import town
from tests.publication.conftest import live

__all__ = ["live"]

LON, LAT = 10.20731, 59.12473  # exact places of the canary: no decimals of these may reach a paper
CANARY = re.compile(r"10\.2073|59\.1247")


@pytest.fixture
def known(database, people):
    """A confirmed home that is public, a possible school for partners, and a rumour about a shelter for coordinators alone."""
    town.areas()
    for kind in (SiteType.RES_APT, SiteType.EDU_SCHOOL):
        town.baseline(kind, LON, LAT)
    town.said("DISASTER", since=now() - timedelta(days=2), until=now() + timedelta(days=20))
    old = {"event_earliest": now() - timedelta(days=40), "event_latest": now() - timedelta(days=40), "evidence_received_at": now() - timedelta(days=40)}
    made = {
        "home": town.incident(SiteType.RES_APT, lon=LON, lat=LAT, **old),
        "school": town.incident(SiteType.EDU_SCHOOL, lon=LON, lat=LAT, certainty=Certainty.POSSIBLE, workflow=WorkflowState.TRIAGE, **old),
        "rumour": town.incident(
            SiteType.RES_COLLECTIVE, lon=LON, lat=LAT, certainty=Certainty.RUMOUR, workflow=WorkflowState.NEW, people_trapped=True, needs=["WATER"], **old
        ),
    }
    publish_batch(now(), agreed=town.AGREED)
    numbers = {name: one.public_id for name, one in made.items()}
    numbers["public"] = session.scalar(text("SELECT incident_id FROM pub.incidents"))
    session.commit()
    assert numbers["public"]
    return numbers


def printed(browser, work, **asked):
    """Ask for a paper as on the page, let the worker make it, and fetch it."""
    answer = browser.post("/desk/situation", data=asked)
    assert answer.status_code == 303, answer.text
    work()
    page = browser.get("/desk/situation/papers").text
    found = re.search(r'href="(/desk/situation/papers/[0-9a-f-]{36})" download', page)
    assert found, page
    return browser.get(found[1])


def words_of(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def in_paper(numbers, said):
    return {name for name, number in numbers.items() if number in said}


WANTED = {"COORD": {"home", "school", "rumour"}, "PARTNER": {"home", "school"}, "PUBLIC": {"public"}}


@pytest.mark.parametrize("audience", WANTED)
def test_page_pdf_and_file_show_each_audience_its_own_and_never_an_exact_place(as_, work, known, audience):
    chipo = as_("chipo")
    page = chipo.get(f"/desk/situation?audience={audience}").text
    pdf = printed(chipo, work, audience=audience, form="PDF", language="en")
    assert pdf.mimetype == "application/pdf"
    html = printed(chipo, work, audience=audience, form="HTML", language="en").text
    for said in (page, words_of(pdf.data), html):
        assert in_paper(known, said) == WANTED[audience]
        assert not CANARY.search(said), CANARY.search(said)
        assert ("People may be trapped" in said) == (audience == "COORD")
        assert "UTC" in said
        assert "No record does not mean no damage" in said
    assert not CANARY.search(_streams(pdf.data)), "nor in what draws the map"
    with application.speaking("en"):
        figures = papers.figures_for(papers.Tier(audience), {}, at=now(), since=None)
    assert all(abs(cell.lon - LON) + abs(cell.lat - LAT) > 0.002 for cell in figures.cells)


def _streams(pdf):
    return "\n".join(page.get_contents().get_data().decode("latin-1") for page in PdfReader(io.BytesIO(pdf)).pages)


def test_the_grid_of_papers_is_kilometres_wide_and_tells_no_place_within():
    cells, box = gathered({(1 << (2 * FINEST_GRID)) // 3: (0, 0, 0, 1, 0, 0)})
    assert 40_075 / 2**FINEST_GRID > 4, "kilometres at the equator"
    assert len(cells) == 1
    assert box[2] - box[0] > 0.1


def test_a_partner_prints_for_partners_and_everybody_but_never_for_coordinators(as_, known, client):
    dario = as_("dario")
    assert in_paper(known, dario.get("/desk/situation").text) == WANTED["PARTNER"]
    assert dario.get("/desk/situation?audience=COORD").status_code == 403
    assert dario.post("/desk/situation", data={"audience": "COORD", "form": "PDF"}).status_code == 403
    assert dario.get("/desk/situation?audience=INTERNAL").status_code == 403
    for nobody, status in ((as_("eve"), 403), (client, 401)):
        assert nobody.get("/desk/situation").status_code == status
        assert nobody.post("/desk/situation", data={"audience": "PUBLIC"}).status_code == status


def test_a_filter_that_others_may_not_ask_is_named_and_chooses_nothing_for_them(as_, known):
    chipo = as_("chipo")
    inside = chipo.get("/desk/situation?trapped=true&bbox=10,59,10.21,59.13").text
    assert in_paper(known, inside) == {"rumour"}
    for audience in ("PARTNER", "PUBLIC"):
        page = chipo.get(f"/desk/situation?trapped=true&need=WATER&audience={audience}").text
        assert in_paper(known, page) == WANTED[audience]
        assert "<code>trapped</code>" in page
        assert "<code>need</code>" in page
    boxed = chipo.get("/desk/situation?bbox=10,59,10.1,59.1&audience=PARTNER").text
    assert in_paper(known, boxed) == WANTED["PARTNER"], "a box drawn closely enough would tell a place by what is in it"


def test_each_printing_is_in_the_ledger_with_its_audience_and_the_time_of_its_figures(as_, work, known, people, database):
    number, _ = save(as_("chipo"), query="certainty=CONFIRMED", sharing="RESPONSE")
    paper = printed(as_("chipo"), work, audience="PUBLIC", form="PDF", language="uk", view=str(number))
    assert re.search(r'filename="situation-public-\d{8}-\d{4}-uk\.pdf"', paper.headers["Content-Disposition"])
    who, details = database.execute(text("SELECT actor_id, details FROM ledger WHERE event = 'situation.printed'")).one()
    assert who == people["chipo"].id
    assert (details["audience"], details["form"], details["language"]) == ("PUBLIC", "PDF", "uk")
    assert details["figures_at"]


def test_a_paper_is_only_for_who_asked_for_it_and_for_a_day(as_, work, known, database):
    chipo = as_("chipo")
    printed(chipo, work, audience="COORD", form="HTML", language="en")
    paper = database.scalar(text("SELECT id FROM situation_papers"))
    assert as_("dario").get(f"/desk/situation/papers/{paper}").status_code == 404
    assert as_("berta").get(f"/desk/situation/papers/{paper}").status_code == 404
    database.execute(text("UPDATE situation_papers SET asked_at = asked_at - interval '25 hours'"))
    session.expire_all()
    assert chipo.get(f"/desk/situation/papers/{paper}").status_code == 404
    papers.sweep()
    assert database.scalar(text("SELECT body FROM situation_papers")) is None


def test_a_paper_under_way_tells_how_far_it_is_and_stops_when_it_is_told_to(as_, people, known, database):
    chipo = as_("chipo")
    assert chipo.post("/desk/situation", data={"audience": "PARTNER", "form": "PDF", "language": "en"}).status_code == 303
    paper = database.scalar(text("SELECT id FROM situation_papers"))
    assert "<progress" in chipo.get("/desk/situation/papers").text
    with pytest.raises(papers.Stopped):
        papers._tell(paper, 1, 3)  # it waits still: only what is being made may say so
    assert chipo.post(f"/desk/situation/papers/{paper}/stop").status_code == 303
    papers.make(paper)
    assert database.execute(text("SELECT state, body FROM situation_papers")).one() == ("CANCELLED", None)
    assert database.scalar(text("SELECT count(*) FROM ledger WHERE event = 'situation.printed'")) == 0


def test_what_is_new_counts_from_the_last_paper_of_the_same_view_for_the_same_audience(as_, work, known, people):
    chipo = as_("chipo")
    assert papers.last_figures(papers.Tier.COORD, {}) < now() - timedelta(hours=23)
    printed(chipo, work, audience="COORD", form="HTML", language="en")
    since = papers.last_figures(papers.Tier.COORD, {})
    town.incident(opened_at=now() + timedelta(seconds=5))
    session.commit()
    with application.speaking("en"):
        assert papers.figures_for(papers.Tier.COORD, {}, at=now(), since=since).new == 1
        assert papers.figures_for(papers.Tier.COORD, {}, at=now(), since=since - timedelta(days=30)).new == 4
    assert papers.last_figures(papers.Tier.PUBLIC, {}) < since


def test_an_exercise_is_stamped_on_every_page_of_every_paper(as_, work, known):
    say_fact("exercise", True, said_by=None)
    session.commit()
    chipo = as_("chipo")
    for audience in WANTED:
        pages = PdfReader(io.BytesIO(printed(chipo, work, audience=audience, form="PDF", language="en").data)).pages
        assert all("EXERCISE" in page.extract_text() for page in pages)
    assert "EXERCISE" in printed(chipo, work, audience="PUBLIC", form="HTML", language="en").text


def test_the_one_file_names_its_scripts_by_hash_loads_nothing_and_keeps_names_out_of_scripts(as_, work, known):
    chipo = as_("chipo")
    evil = "</script><img src=x onerror=alert(1)>`${alert(1)}`"
    number, _ = save(chipo, name=evil)
    html = printed(chipo, work, audience="COORD", form="HTML", language="ar", view=str(number)).text
    assert '<html lang="ar" dir="rtl">' in html
    assert re.search(r'<li data-town="[\d.]+ [\d.]+">Larvik</li>', html), "names of towns are words of the page"
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1].replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 3
    for script in scripts:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    assert "default-src 'none'" in policy
    assert "alert(1)" not in "".join(scripts)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//|url\(|@import""", re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL))
    assert "&lt;img src=x" in html


def test_a_paper_fetches_nothing_whatever_its_page_asks_for():
    page = '<img src="http://169.254.169.254/x"><img src="file:///etc/passwd"><link rel="stylesheet" href="https://example.org/x.css"><p>here</p>'
    with pytest.raises(paper_pdf.FatalURLFetchingError):
        paper_pdf.printed(page, style="")


def test_the_arabic_pdf_reads_from_the_right_and_has_its_letters(app, as_, work, known):
    said = words_of(printed(as_("chipo"), work, audience="PUBLIC", form="PDF", language="ar").data)
    assert re.search("[\u0600-\u06ff\ufb50-\ufeff]{3}", said)
    assert known["public"] in said
    with app.app_context(), in_language("ar"):
        figures = papers.figures_for(Tier.PUBLIC, {}, at=now(), since=now())
        drawn, on_page = drawing(figures, is_for_pdf=True), drawing(figures)
    assert re.search(r'<bdi class="paper-name start"[^>]*>\d+ [\u0600-\u06ff]', drawn), "what it says is words of the page, which turns them the right way"
    assert ">Larvik</bdi>" in drawn
    assert 'class="map-label"' not in drawn
    assert 'class="map-label"' in on_page
    assert "style=" not in on_page, "the policy of the site forbids it"


def test_too_many_papers_at_once_and_languages_nobody_offers_are_refused(as_, known):
    chipo = as_("chipo")
    for _ in range(3):
        assert chipo.post("/desk/situation", data={"audience": "PUBLIC", "form": "PDF", "language": "en"}).status_code == 303
    refused = chipo.post("/desk/situation", data={"audience": "PUBLIC", "form": "PDF", "language": "en"})
    assert (refused.status_code, "Three reports" in refused.text) == (422, True)
    assert as_("bohdan").post("/desk/situation", data={"audience": "PUBLIC", "language": "xx"}).status_code == 422
    assert as_("bohdan").post("/desk/situation", data={"audience": "PUBLIC", "form": "DOC"}).status_code == 422


@pytest.mark.committed
def test_the_public_report_is_read_through_the_public_role_alone(live, monkeypatch):
    """On a database of its own, where the application's session may not be used at all."""
    from server.coordination import situation_outside
    from server.core import database

    def refuse(*_arguments, **_keywords):
        raise AssertionError("the application's role was asked")

    monkeypatch.setattr(situation_outside.session, "execute", refuse)
    monkeypatch.setattr(situation_outside.session, "scalars", refuse)
    assert database.public_session is not database.session
    figures = situation_outside.for_public(papers.views.understood({}).filters, at=now(), since=now() - timedelta(days=1))
    assert (figures.total, figures.audience) == (0, papers.Tier.PUBLIC)



def test_a_report_and_a_feed_by_source_count_what_the_desk_counts(as_, client, work, database):
    """The database tells of reports only to who was let in: on a page, in the worker and in a feed reader that has no session."""
    body = {"site_type": "RES.APT", "damage": "D3", "point": {"type": "Point", "coordinates": [LON, LAT]}, "source_type": "SELF_WITNESS"}
    assert client.put(f"/api/v1/reports/{uuid4()}", json=body).status_code == 201
    work()
    chipo = as_("chipo")
    view, _address = save(chipo, query="source=SELF_WITNESS")
    key = re.search(r"/feeds/([\w-]+)\.atom", chipo.post(f"/desk/views/{view}/key").text)[1]
    number, leave = database.scalar(text("SELECT public_id FROM incidents")), text("SELECT set_config('tessera.scope', 'none', true)")
    for asked in (
        lambda: chipo.get("/desk/situation?source=SELF_WITNESS").text,
        lambda: printed(chipo, work, audience="COORD", form="HTML", query="source=SELF_WITNESS").text,
        lambda: client.get(f"/feeds/{key}.atom").text,
    ):
        database.execute(leave)
        assert number in asked()


def test_a_paper_says_which_filters_chose_its_figures_so_that_no_part_is_taken_for_the_whole(as_, work, known):
    chipo = as_("chipo")
    asked = {"query": f"damage=3&damage=U&certainty=CONFIRMED&since=2026-01-02&adm={town.DISTRICTS[0]}&trapped=true"}
    paper = re.sub(r"<[^>]+>", "", printed(chipo, work, audience="COORD", form="HTML", **asked).text.split("<main>")[1])
    said = "Filters: From day: 2 Jan 2026 · Damage: Severe damage, Cannot tell · Certainty: Confirmed · People may be trapped: Yes · Area: District 1"
    assert said in paper
    public = re.sub(r"<[^>]+>", "", chipo.get(f"/desk/situation?audience=PUBLIC&{asked['query']}").text)
    assert "Certainty: Confirmed" in public
    assert "People may be trapped: Yes" not in public, "what this audience may not ask was not applied"
    assert "Filters:" not in re.sub(r"<[^>]+>", "", chipo.get("/desk/situation?audience=COORD").text)
