"""Whatever a person writes stays what it is, text: on every page that shows it, in every file, in every language."""

import csv
import io
import json
import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from server.accounts.service import add_person
from server.core.database import session
from server.publication.models import PublishedIncident
from server.vocabulary import CauseGroup, Certainty, GeometryLevel, Role, TimeLevel
from tests.security.pages import CONTROLS, EXACT, PAYLOADS, Page, dangers, isolates

HERE = {"type": "Point", "coordinates": [-56.1645, -34.9011]}
WHOLE = {**PAYLOADS, **EXACT}
everything = pytest.mark.parametrize("words", WHOLE.values(), ids=WHOLE)


def put(client, report_id=None, **members):
    report_id = report_id or uuid4()
    body = {"site_type": "RES.APT", "damage": "D3", "point": HERE, "consents": ["KEEP_CONTACT"], **members}
    answer = client.put(f"/api/v1/reports/{report_id}", json=body)
    assert answer.status_code == 201, answer.json
    return report_id


def record(database):
    return database.scalar(text("SELECT public_id FROM incidents WHERE merged_into IS NULL ORDER BY opened_at DESC LIMIT 1"))


def shown(browser, path):
    """A page that must be whole and must hold nothing that runs."""
    answer = browser.get(path)
    assert answer.status_code == 200, path
    assert dangers(answer.text) == [], path
    assert answer.text.rstrip().endswith("</html>"), path
    return answer.text


@everything
def test_the_words_of_a_report_stay_text_on_every_page_of_the_desk(client, as_, work, database, words):
    short = words[:180]
    report = put(client, text=words, place_text=short, contact=short, source_scale="EMS", source_grade=words[:60])
    work()
    chipo = as_("chipo")
    for path in (f"/desk/reports/{report}", f"/desk/incidents/{record(database)}"):
        page = shown(chipo, path)
        assert sum(words in isolated for isolated in Page(page).isolated) >= 1, path
        assert sum(short in isolated for isolated in Page(page).isolated) >= 3, path
    for path in ("/desk", "/desk/list", "/desk/reports", "/desk/review"):
        assert dangers(chipo.get(path).text) == []


def test_all_payloads_at_once_leave_the_other_reports_readable(client, as_, work, database):
    put(client, text=" ".join(PAYLOADS.values()))
    plain = put(client, text="The roof of the bakery fell in.")
    work()
    chipo = as_("chipo")
    pages = [shown(chipo, f"/desk/incidents/{number}") for number in database.scalars(text("SELECT public_id FROM incidents")).all()]
    assert any(isolates(page, "The roof of the bakery fell in.") for page in pages)
    assert any(isolates(page, PAYLOADS["script"]) for page in pages)
    assert isolates(shown(as_("chipo"), f"/desk/reports/{plain}"), "The roof of the bakery fell in.")


@pytest.mark.parametrize("field", ["same_damage_as", "source_scale", "form_version", "lang"])
@pytest.mark.parametrize("payload", ["image", "attribute", "template"])
def test_the_small_texts_of_a_report_are_refused_or_stay_text(client, as_, work, database, field, payload):
    report_id = uuid4()
    body = {"site_type": "RES.APT", "damage": "D3", "point": HERE, "source_grade": "3", field: PAYLOADS[payload][:16]}
    answer = client.put(f"/api/v1/reports/{report_id}", json=body)
    assert answer.status_code in (201, 422)
    assert "alert" not in answer.text or answer.mimetype.endswith("json")
    work()
    if answer.status_code == 201:
        shown(as_("chipo"), f"/desk/reports/{report_id}")
        shown(as_("chipo"), f"/desk/incidents/{record(database)}")


@everything
def test_what_is_added_through_the_receipt_stays_text(client, as_, work, words):
    form = {"id": str(uuid4()), "site_type": "RES.APT", "damage": "D3", "place_text": "-34.9011, -56.1645", "text": "A house."}
    answer = client.post("/report", data=form, content_type="multipart/form-data")
    code = re.sub(r"<[^>]+>", " ", re.search(r'<ol class="receipt-code"[^>]*>(.*?)</ol>', answer.text, re.DOTALL)[1])
    added = client.post("/receipt", data={"code": code, "act": "add", "words": words})
    assert added.status_code == 200
    assert dangers(added.text) == []
    work()
    assert isolates(shown(as_("chipo"), f"/desk/reports/{form['id']}"), words)


@everything
def test_reasons_and_rationales_stay_text_in_the_history(client, as_, work, database, words):
    put(client, text="A school.", site_type="EDU.SCHOOL")
    put(client, text="A bakery burns.", site_type="FOO.PROC", point={"type": "Point", "coordinates": [-56.1345, -34.9011]})
    work()
    first, second = database.scalars(text("SELECT public_id FROM incidents ORDER BY opened_at")).all()
    chipo = as_("chipo")
    assert chipo.post(f"/desk/incidents/{first}/merge", data={"other": second, "reason": words[:400]}).status_code == 303
    version = database.scalar(text("SELECT version FROM incidents WHERE public_id = :id"), {"id": first})
    rationale = f"Because of this: {words}"
    decided = chipo.post(f"/desk/incidents/{first}/certainty", data={"to": "RUMOUR", "version": version, "rationale": rationale})
    assert decided.status_code == 303, decided.text
    page = shown(chipo, f"/desk/incidents/{first}")
    assert isolates(page, words[:400])
    assert isolates(page, rationale)


@pytest.mark.parametrize("payload", ["image", "isolation", "template", "script"])
def test_the_name_of_a_person_stays_text(app, client, as_, work, database, people, payload):
    from server.accounts import sessions

    alias = PAYLOADS[payload][:64]
    with app.app_context():
        person = add_person("payload@example.org", alias=alias, password="x" * 20, roles={Role.COORD})
        key = sessions.begin(person)
        session.commit()
    browser = app.test_client()
    browser.set_cookie(sessions.COOKIE, key)
    put(client, text="A school.")
    work()
    version = database.scalar(text("SELECT version FROM incidents"))
    data = {"to": "RUMOUR", "version": version, "rationale": "Nothing else is known of it yet."}
    assert browser.post(f"/desk/incidents/{record(database)}/certainty", data=data).status_code == 303
    assert isolates(shown(browser, f"/desk/incidents/{record(database)}"), alias)
    assert dangers(browser.get("/desk").text) == []


def test_the_rows_of_an_imported_table_stay_text(app, as_, work, database, tmp_path):
    rows = [{"id": f"A{n}", "lat": "-34.9", "lon": "-56.1", "category": "School", "text": words} for n, words in enumerate(PAYLOADS.values())]
    rows.append({"id": PAYLOADS["image"], "lat": "-34.8", "lon": PAYLOADS["script"], "category": PAYLOADS["template"], "text": "bad"})
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path / "partner.csv"
    path.write_text(out.getvalue(), encoding="utf-8")
    done = app.test_cli_runner().invoke(args=["import", str(path), "--commit"])
    assert done.exit_code == 0, done.output
    work()
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    reports = database.scalars(text("SELECT id FROM reports")).all()
    assert len(reports) >= len(PAYLOADS), done.output
    chipo = as_("chipo")
    pages = [shown(chipo, f"/desk/reports/{report}") for report in reports]
    for name, words in PAYLOADS.items():
        assert any(isolates(page, words) for page in pages), name


@everything
def test_a_form_that_comes_back_holds_what_was_typed_as_text(client, words):
    form = {"id": str(uuid4()), "text": words, "contact": words[:150], "place_text": words[:150], "when": "DATE", "when_date": "x"}
    page = client.post("/report", data=form, content_type="multipart/form-data")
    assert page.status_code == 422
    assert dangers(page.text) == []
    assert any(words in typed for typed in Page(page.text).typed())


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_is_asked_of_a_page_comes_back_as_text_or_not_at_all(client, as_, payload):
    words = PAYLOADS[payload]
    chipo = as_("chipo")
    asked = {"q": words[:90], "cursor": "", "adm": words[:30], "certainty": words, "bbox": words, "lang": words, "pair": words, "done": words}
    for path in ("/desk", "/desk/review", "/map", "/map/table", "/report", "/data"):
        page = (chipo if path.startswith("/desk") else client).get(path, query_string=asked)
        assert page.status_code == 200, path
        assert dangers(page.text) == [], path
    for path in (f"/{words}", f"/map/{words}", f"/desk/incidents/{words}", f"/static/{words}"):
        assert dangers(chipo.get(path, headers={"Accept": "text/html"}).text) == []
    code = client.post("/receipt", data={"code": words})
    assert (code.status_code, dangers(code.text)) == (404, [])
    signed = client.post(f"/sign-in?next={words}", data={"email": words, "password": words})
    assert dangers(signed.text) == []


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>.svg", '"\r\nSet-Cookie: a=b', "../../etc/passwd", "фото.jpg", "CON", "x" * 300])
def test_the_name_of_a_file_is_text_to_the_sender_and_unknown_to_everybody_else(client, as_, work, name):
    form = {"id": str(uuid4()), "site_type": "RES.APT", "damage": "D3", "place_text": "-34.9011, -56.1645"}
    form["photos"] = (io.BytesIO(b"<svg onload=alert(1)>"), name)
    page = client.post("/report", data=form, content_type="multipart/form-data")
    assert page.status_code == 200
    assert dangers(page.text) == []
    assert "Set-Cookie" not in page.headers
    work()
    assert name[:20] not in shown(as_("chipo"), f"/desk/reports/{form['id']}")


def test_controls_that_turn_the_line_are_gone_on_the_page_and_kept_in_the_vault(client, as_, work):
    from server.reports.access import words_of

    words = f"abc{CONTROLS}def\u202e321 \u200d\u200c kept"
    report = put(client, text=words)
    work()
    page = shown(as_("chipo"), f"/desk/reports/{report}")
    assert isolates(page, "abcdef321 \u200d\u200c kept")
    assert not set(CONTROLS) & set(page)
    assert words_of([report])[report].text == words


@pytest.mark.parametrize("words", EXACT.values(), ids=EXACT)
def test_words_come_back_from_the_vault_exactly(client, words):
    from server.reports.access import words_of

    report = put(client, text=words)
    assert words_of([UUID(str(report))])[report].text == words


# ── The public side ──────────────────────────────────────────────────────────────────────────────────────────────────


def texts_in(value):
    """Every text in a JSON value."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [found for item in inner for found in texts_in(item)]
    return [value]


def published(words):
    """A public row whose every text is hostile, as if the rules had let it through."""
    row = PublishedIncident(
        incident_id="INC-HOSTILE", release_id="2026-11-20", record_status="new", certainty=Certainty.CONFIRMED,
        date_precision=TimeLevel.DAY, country_iso3="NOR", adm1_pcode="NO90", adm1_name=words[:200], adm2_name=words[:200],
        adm3_name=words[:200], geo_level=GeometryLevel.ADM2, site_name=words[:200], cause_group=CauseGroup.UNK, event_ref=words[:32],
        summary=words[:300], policy_version="1", redaction="", position=1, area_code="NO9001", cell_key=1,
    )  # fmt: skip
    session.add(row)
    session.flush()


@pytest.mark.parametrize("words", WHOLE.values(), ids=WHOLE)
def test_no_public_page_file_or_answer_lets_a_text_run(client, words):
    published(words)
    page = shown(client, "/map/INC-HOSTILE")
    assert isolates(page, words[:200])
    shown(client, "/map/table")
    shown(client, "/map")
    shown(client, "/data")
    public = "/api/v1/public/incidents"
    for path in (public, f"{public}/INC-HOSTILE", f"{public}.geojson", "/ogc/collections/incidents/items"):
        answer = client.get(path)
        assert answer.mimetype in ("application/json", "application/geo+json")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert words[:200] in texts_in(json.loads(answer.data))
    rows = list(csv.DictReader(io.StringIO(client.get("/api/v1/public/incidents.csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert rows[0]["site_name"].lstrip("'") == words[:200].lstrip("'")


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://x")', "+1+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "  =1+1", '"=1+1', "\u00a0=1"])
def test_no_cell_of_a_public_table_is_a_formula(client, formula):
    published(formula)
    answer = client.get("/api/v1/public/incidents.csv").get_data(as_text=True)
    [row] = csv.DictReader(io.StringIO(answer.lstrip("\ufeff")))
    for name in ("site_name", "summary", "adm1_name"):
        assert row[name].startswith("'"), (name, row[name])
        assert row[name].lstrip("'").lstrip("\t\r") in formula or formula.lstrip("'") in row[name]


def test_the_reader_of_pages_sees_what_a_browser_would_run():
    for name in ("image", "script", "svg", "clobber"):
        assert dangers(f"<html><p>{PAYLOADS[name]}</p></html>"), name
    assert dangers(f'<input value="{PAYLOADS["attribute"]}">')
    assert dangers('<a href="javascript:alert(1)">')
    assert dangers("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>") == []
    assert not isolates("<p>words</p><bdi>other</bdi>", "words")
