"""Whoever takes a report back leaves nothing: a thief with the database, the files and SECRET_KEY opens what was said before, and not after."""

import hashlib
from contextlib import suppress
from uuid import UUID, uuid4

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from server.core.database import see_as, session
from server.core.storage import NAMESPACES, StorageDamaged, store
from server.evidence.service import states_of
from server.reports import vault
from tests.evidence.conftest import sha256
from tests.evidence.pictures import encoded, four_corners

WORD = "qzxvogel"
CODE = "ocean-olive-paper-lemon-candle-window-garden-silver"
PHOTO = encoded(four_corners())
TABLES = text("""
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'vault', 'pub') AND c.relname NOT LIKE 'gazetteer%'""")


class Thief:
    """Reads every row and every file, tries every key that lies there on everything that is sealed."""

    def __init__(self, database, folder):
        self.database, self.folder = database, folder
        see_as("all")
        database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
        self.rows = [dict(row) for table in database.execute(TABLES).all() for row in self._rows(*table)]

    def _rows(self, schema, table):
        return self.database.execute(text(f'SELECT * FROM "{schema}"."{table}"')).mappings()

    def keys(self):
        """(key, owner) of all wrapped keys, whoever of their row they were made for."""
        for row in self.rows:
            owners = [value for value in row.values() if isinstance(value, UUID)]
            for name, value in row.items():
                if name.endswith("_key") and isinstance(value, bytes | memoryview):
                    for owner in owners:
                        with suppress(InvalidTag, ValueError):
                            yield vault.unwrap(bytes(value), owner), owner

    def opened(self):
        """Everything that can be read: rows as they are, what is sealed in them, files."""
        keys = list(self.keys())
        yield repr(self.rows).encode()
        cells = [bytes(value) for row in self.rows for value in row.values() if isinstance(value, bytes | memoryview) and len(value) > 28]
        for key, owner in keys:
            for cell in cells:
                with suppress(InvalidTag, ValueError):
                    yield vault.unseal(cell, key, owner)
        yield from self._files(keys)

    def _files(self, keys):
        for namespace in NAMESPACES:
            for path in (self.folder / namespace).rglob("*"):
                if not path.is_file():
                    continue
                yield path.read_bytes()
                for key, owner in keys:
                    with suppress(InvalidTag, ValueError, StorageDamaged):
                        yield store().get_sealed(path.name, namespace, key=key, bound_to=owner.bytes)

    def finds(self, word):
        """How many times a word lies open."""
        return sum(data.count(word) for data in self.opened())


def files(folder):
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def said(client, as_, work, database, storage_folder):
    """All that somebody can tell through one report: words, place, contact, members nobody knows, a photo, a second body, more words,
    an answer; and parts of it covered by the desk. Gives the files that were there before."""
    before, number = files(storage_folder), uuid4()
    photo = str(uuid4())
    body = {
        "site_type": "RES.HOUSE", "damage": "D3", "lang": "en", "point": {"type": "Point", "coordinates": [-56.16, -34.9]},
        "text": f"{WORD}1 the stairs fell at 12 Gold Street.", "place_text": f"{WORD}2 house", "contact": f"{WORD}3@example.org",
        "consents": ["KEEP_CONTACT"], "receipt_key": hashlib.sha256(vault.normal_code(CODE).encode()).hexdigest(), "later": f"{WORD}4",
        "media": [{"id": photo, "sha256": sha256(PHOTO), "bytes": len(PHOTO), "type": "image/jpeg"}],
    }  # fmt: skip
    assert client.put(f"/api/v1/reports/{number}", json=body).status_code == 201
    assert client.put(f"/api/v1/reports/{number}/media/{photo}", data=PHOTO, content_type="image/jpeg").status_code == 201
    assert client.put(f"/api/v1/reports/{number}", json={**body, "text": f"{WORD}5"}).status_code == 409
    work()
    chipo = as_("chipo")
    assert chipo.post(f"/desk/reports/{number}/redact", data={"part": "text:0-8"}).status_code == 303
    covered = {"left": "0", "top": "0", "width": "20", "height": "20"}
    assert chipo.post(f"/desk/photos/{photo}/redact", data=covered).status_code == 303
    assert client.post("/receipt", data={"code": CODE, "act": "add", "words": f"{WORD}6 more"}).status_code == 200
    work()
    assert [one["state"] for one in states_of(number)] == ["CLEAN"]
    return before


def test_a_report_that_is_taken_back_through_its_receipt_leaves_no_word_and_no_picture(client, said, work, database, storage_folder):
    before = said
    thief = Thief(database, storage_folder)
    assert all(thief.finds(f"{WORD}{each}".encode()) for each in range(1, 7))
    assert len(files(storage_folder) - before) >= 2  # its print, and that of before under a seal
    taken = client.post("/receipt", data={"code": CODE, "act": "withdraw", "sure": "yes"})
    assert taken.status_code == 200
    work()
    thief = Thief(database, storage_folder)
    assert thief.finds(WORD.encode()) == 0
    assert files(storage_folder) - before == set()


def test_erasing_a_report_of_a_table_erases_the_versions_it_replaced_too(app, work, database, storage_folder, tmp_path):
    path = tmp_path / "partner.csv"
    for words in ("qzxamsel one", "qzxamsel two"):
        path.write_text(f"id,lat,lon,text\nA1,-34.9,-56.1,{words}\n")
        done = app.test_cli_runner().invoke(args=["import", str(path), "--commit", "--source", "partner"])
        assert done.exit_code == 0, done.output
    thief = Thief(database, storage_folder)
    assert (thief.finds(b"qzxamsel one"), thief.finds(b"qzxamsel two")) == (1, 1)
    newest = database.scalar(text("SELECT superseded_by FROM reports WHERE superseded_by IS NOT NULL"))
    done = app.test_cli_runner().invoke(args=["reports", "erase", str(newest)])
    assert done.exit_code == 0, done.output
    assert Thief(database, storage_folder).finds(b"qzxamsel") == 0
    undone = app.test_cli_runner().invoke(args=["imports", "undo", str(database.scalar(text("SELECT import_id FROM imported_rows")))])
    assert undone.exit_code == 0, undone.output
    see_as("all")
    database.execute(text("SELECT set_config('tessera.scope', 'all', true)"))
    assert database.scalar(text("SELECT count(*) FROM reports WHERE import_id IS NOT NULL AND withdrawn_at IS NULL")) == 0


def test_of_an_account_that_was_erased_no_name_or_address_is_left_anywhere(app, as_, client, work, database, people, storage_folder):
    database.execute(text("UPDATE people SET alias = 'Qzx Fink', email = 'qzxfink@example.org' WHERE id = :id"), {"id": people["bohdan"].id})
    client.put(f"/api/v1/reports/{uuid4()}", json={"site_type": "RES.HOUSE", "damage": "D3", "point": {"type": "Point", "coordinates": [-56.16, -34.9]}})
    work()
    record, chipo, bohdan = database.scalar(text("SELECT public_id FROM incidents")), as_("chipo"), as_("bohdan")
    chipo.post(f"/desk/work/records/{record}/notes", data={"words": "@QzxFink. please look; @qzxfink-2 need not."})
    chipo.post(f"/desk/work/records/{record}/assign", data={"to": str(people["bohdan"].id)})
    bohdan.post("/desk/views", data={"name": "qzxfink's road home", "sharing": "OWN", "query": "damage=3"})
    as_("ada").post("/desk/people/invite", data={"email": "other@example.org", "alias": "Other", "roles": ["COORD"]})
    assert Thief(database, storage_folder).finds(b"qzxfink") >= 2
    session.commit()
    done = app.test_cli_runner().invoke(args=["users", "erase", "qzxfink@example.org"], catch_exceptions=False)
    assert (done.exit_code, "nothing is left" in done.output) == (0, True), done.output
    left = repr(Thief(database, storage_folder).rows)
    assert "Qzx Fink" not in left
    assert left.casefold().count("qzxfink") == 1  # somebody else's name, qzxfink-2
    assert "@–. please look" in left
