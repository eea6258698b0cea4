"""What is somebody else's: every address of the desk, filled in with numbers that exist, asked by people of other organisations.

The walk of ``test_doors.py`` knocks with numbers of nothing; here they are of real reports, photos, views, webhooks, papers, tables and
letters. What belongs to one person or organisation is neither shown to another nor changed by them.
"""

import io
import json
from uuid import UUID

import pytest
from sqlalchemy import text

from server.core.database import session
from tests.evidence.conftest import sha256
from tests.evidence.pictures import encoded, four_corners
from tests.house.test_doors import FROM_HERE, address, doors

CANARY = "qzxdrossel"
OTHERS = ("dario", "amal", "eve", "ada", "walid", None)
PHOTO = encoded(four_corners())
PRIVATE = ("saved_views", "alert_rules", "webhooks", "deliveries", "situation_papers", "feed_keys", "notices", "table_uploads", "bulk_acts")
# What a rule's last words name; a number may stand for several things, and each is tried.
FILLED = {
    "report_id": ("reports",), "photo_id": ("photos",), "view_id": ("saved_views",), "rule_id": ("alert_rules",), "hook_id": ("webhooks",),
    "delivery_id": ("deliveries",), "paper_id": ("situation_papers",), "key_id": ("feed_keys",), "upload_id": ("table_uploads",),
    "act_id": ("bulk_acts",), "import_id": ("imports",), "complaint_id": ("complaints",), "person_id": ("people",), "note_id": ("work_notes",),
}  # fmt: skip
TABLES = "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relname = :name AND n.nspname IN ('public', 'vault')"


def rows(database, table):
    """All rows of a table as text, by number."""
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    schema = database.scalar(text(TABLES), {"name": table})
    found = database.execute(text(f'SELECT id, CAST(row_to_json(t) AS text) FROM "{schema}"."{table}" t ORDER BY id')).all()
    return {str(row[0]): row[1] for row in found}


@pytest.fixture
def belongings(as_, client, work, database, people):
    """What Chipo of Relief Works has made for herself, and a report of nobody's with words, a contact and a photo."""
    number, photo = UUID(int=21), UUID(int=22)
    body = {
        "site_type": "RES.HOUSE", "damage": "D3", "text": f"{CANARY} words", "place_text": f"{CANARY} place", "contact": f"{CANARY}@example.org",
        "consents": ["KEEP_CONTACT"], "point": {"type": "Point", "coordinates": [-56.16, -34.9]},
        "media": [{"id": str(photo), "sha256": sha256(PHOTO), "bytes": len(PHOTO)}],
    }  # fmt: skip
    assert client.put(f"/api/v1/reports/{number}", data=json.dumps(body), content_type="application/json").status_code == 201
    assert client.put(f"/api/v1/reports/{number}/media/{photo}", data=PHOTO, content_type="image/jpeg").status_code == 201
    client.post("/complaint", data={"kind": "OTHER", "words": f"{CANARY} complaint"})
    work()
    chipo, record = as_("chipo"), database.scalar(text("SELECT public_id FROM incidents"))
    chipo.post("/desk/views", data={"name": f"{CANARY} view", "sharing": "OWN", "query": "damage=3"})
    view = database.scalar(text("SELECT id FROM saved_views"))
    for path, said in (
        (f"/desk/views/{view}/key", {}),
        ("/desk/alerts", {"kinds": "NEW", "name": f"{CANARY} alert", "mailing": "NONE"}),
        ("/desk/alerts/webhooks", {"address": f"https://{CANARY}.example.org/x"}),
        ("/desk/situation", {"audience": "COORD", "form": "HTML", "query": f"view={view}"}),
        ("/desk/bulk", {"change": "site_type:RES.HOUSE", "which": "all"}),
        (f"/desk/work/records/{record}/notes", {"words": f"{CANARY} note"}),
        ("/desk/imports", {"file": (io.BytesIO(b"id,lat,lon,text\nA,-34.9,-56.1,x\n"), "a.csv"), "source": f"{CANARY} table"}),
    ):
        assert chipo.post(path, data=said).status_code < 400, path
    work()
    assert all(CANARY in chipo.get(path).text for path in (f"/desk/reports/{number}", f"/desk/incidents/{record}", "/desk/views", "/desk/alerts"))
    return {table: rows(database, table) for tables in FILLED.values() for table in tables}


def filled(rule, kept, record):
    """The addresses of a rule with numbers that exist in its gaps, of which at least one is somebody's."""
    gap = next((name for name in rule._converters if kept.get(FILLED.get(name, ("",))[0])), None)
    if gap is None and "public_id" not in rule._converters:
        return
    usual = address(rule)
    for number in kept[FILLED[gap][0]] if gap else [record]:
        values = {name: UUID(int=7) if kind.__class__.__name__ == "UUIDConverter" else min(getattr(kind, "items", None) or ["agree"]) for name, kind in rule._converters.items()}
        values |= {gap: UUID(number)} if gap else {}
        values |= {"public_id": record} if "public_id" in values else {}
        yield rule.build(values, append_unknown=False)[1] or usual


def test_nobody_of_another_organisation_reads_or_changes_what_is_somebody_s(app, as_, belongings, database):
    """Complaints under their kind are the desk's to read; everything here with the canary in it is for the desk or for Chipo alone."""
    record, told, tried = database.scalar(text("SELECT public_id FROM incidents")), [], 0
    browsers = {name: as_(name) if name else app.test_client() for name in OTHERS}
    for rule, method, _view in doors(app):
        if not rule.rule.startswith("/desk") or rule.rule.startswith("/desk/people") or not rule._converters:
            continue  # who administers accounts would close them all
        for path in filled(rule, belongings, record):
            for name, browser in browsers.items():
                answer = browser.open(path, method=method, headers=FROM_HERE, data=None if method == "GET" else {"words": "x", "reason": "none at all"})
                tried += 1
                if CANARY.encode() in answer.data or answer.data[:3] == b"\xff\xd8\xff":
                    told.append((name, method, rule.rule, answer.status_code))
    assert told == []
    assert tried > 300
    for table in (*PRIVATE, "work_notes", "photos"):
        session.expire_all()
        if table in belongings:
            assert rows(database, table) == belongings[table], table
    assert {browser.get("/account").status_code for name, browser in browsers.items() if name} == {200, 403}  # Eve has no role; nobody was signed out
