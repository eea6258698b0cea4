"""Dated data sets: frozen, written, tested, signed by people and by a key, published, compared; and taken back."""

import csv
import gzip
import io
import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text

from server import worker
from server.accounts.policy import SYSTEM
from server.core import jobs
from server.core.database import session
from server.core.ledger import LedgerEntry, history
from server.core.problems import Problem
from server.core.storage import store
from server.matching.models import Incident
from server.publication import five_w_files, release_jobs, releases, takedown
from server.publication.formats import FORMATS
from server.publication.models import PublishedIncident
from server.publication.release_models import FrozenRow, Release, ReleaseDraft
from server.publication.schemas import PublicIncident
from server.publication.verify_release import check
from server.vocabulary import SiteType, WorkflowState
from tests.people import actor
from tests.publication.town import NOW

PUBLIC = "/api/v1/public"
MAKING = {"publication.build_release", "publication.remake_release"}


@pytest.fixture(autouse=True)
def few_formats(request, monkeypatch):
    """Each format has tests of its own: a table is enough, but for the test that asks for all."""
    if "in_every_format" not in request.node.name:
        monkeypatch.setattr(release_jobs, "FORMATS", {"csv": FORMATS["csv"]})
        monkeypatch.setattr(release_jobs, "STEPS", 3)


@pytest.fixture
def work(app):
    """Do what follows for dated data sets, and leave the files of the current copy to their own tests."""

    def run():
        while todo := worker.take_events():
            session.commit()
            for name, arguments in todo:
                if name in MAKING:
                    jobs.JOBS[name](**arguments)
        session.commit()

    return run


@pytest.fixture(autouse=True)
def today(database):
    """The day of the town, whatever day it is."""
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def calm(norway, publish):
    """Three records in an area where a disaster was, as the public sees them: one person's word is enough there."""
    norway.said("DISASTER")
    made = [norway.incident(), norway.incident(SiteType.EDU_SCHOOL, lon=10.3), norway.incident(SiteType.TRA_ROAD, damage_best=1)]
    kept = [record.id for record in made]
    publish()
    return kept


@pytest.fixture
def prepared(calm, as_, work):
    """A data set that waits for a signature."""
    assert as_("sana").post("/desk/releases").status_code == 303
    work()
    return releases.under_way()


@pytest.fixture
def released(prepared, as_):
    """A public data set of three rows."""
    sign(as_("sana"), prepared)
    return session.scalar(select(Release.number))


def sign(browser, draft):
    return browser.post(f"/desk/releases/{draft.id}/approve")


def record(incident_id):
    return session.get(Incident, incident_id)


def number_of(incident_id):
    [number] = releases.numbers_of([incident_id])
    return number


def rows_of(client, number):
    body = client.get(f"{PUBLIC}/releases/{number}/tessera-damage-{number}.csv", buffered=True).get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(body.removeprefix("\ufeff"))))


def again(as_, work):
    """Prepare and publish what is public now."""
    as_("sana").post("/desk/releases")
    work()
    sign(as_("sana"), releases.under_way())
    return session.scalar(select(Release).order_by(Release.sequence.desc()).limit(1))


# ── Made ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_data_set_holds_the_public_rows_as_they_were_and_nothing_changes_it(client, released, norway, publish):
    before = rows_of(client, released)
    assert {row["incident_id"] for row in before} == set(session.scalars(select(PublishedIncident.incident_id)))
    assert {row["release_id"] for row in before} == {released}
    norway.incident(SiteType.TRA_ROAD)
    publish(norway.NOW + timedelta(days=1))
    assert session.scalar(select(func.count()).select_from(PublishedIncident)) == 4
    assert rows_of(client, released) == before


def test_nothing_is_public_before_a_person_signed(client, prepared):
    assert client.get(f"{PUBLIC}/releases").get_json()["items"] == []
    assert client.get(f"{PUBLIC}/releases/{prepared.number}").status_code == 404
    assert client.get(f"{PUBLIC}/releases/{prepared.number}/columns.csv").status_code == 404


def test_where_nothing_is_public_nothing_can_be_frozen(as_, database):
    assert as_("sana").post("/desk/releases").status_code == 409


def test_one_data_set_is_prepared_at_a_time(as_, prepared):
    assert as_("sana").post("/desk/releases").status_code == 409
    assert as_("sana").post(f"/desk/releases/{prepared.id}/discard").status_code == 303
    assert releases.under_way() is None
    assert session.scalar(select(func.count()).select_from(FrozenRow)) == 0
    assert as_("sana").post("/desk/releases").status_code == 303


def test_a_data_set_thrown_away_while_it_is_made_is_made_no_further(as_, people, calm, monkeypatch, work):
    as_("sana").post("/desk/releases")
    draft_id = releases.under_way().id
    assert f"/desk/releases/{draft_id}/discard" in as_("sana").get(f"/desk/releases/{draft_id}").get_data(as_text=True)

    def thrown_away(source):
        yield from FORMATS["csv"].pieces(source)
        releases.discard(actor(people["sana"]), draft_id)

    written = []
    after = replace(FORMATS["geojson"], pieces=lambda _source: written.append("geojson") or iter([b"{}"]))
    monkeypatch.setattr(release_jobs, "FORMATS", {"csv": replace(FORMATS["csv"], pieces=thrown_away), "geojson": after})
    work()
    assert written == []
    assert not any(entry.event == "release.built" for entry in history(draft_id))


def test_a_discarded_difference_appears_again_in_the_next(as_, released, norway, publish, work):
    norway.incident(SiteType.TRA_ROAD)
    publish(norway.NOW + timedelta(days=1))
    as_("sana").post("/desk/releases")
    as_("sana").post(f"/desk/releases/{releases.under_way().id}/discard")
    made = again(as_, work)
    assert (made.rows_total, made.rows_added, made.rows_changed, made.rows_removed) == (4, 1, 0, 0)


def test_only_a_steward_prepares(as_, calm):
    refused = {name: as_(name).post("/desk/releases").status_code for name in ("chipo", "dario", "ada", "bohdan", "pilar", "eve")}
    assert set(refused.values()) == {403}


def test_in_a_conflict_a_steward_and_a_protection_officer_sign(client, as_, norway, publish, work):
    norway.said("CONFLICT_ACTIVE")
    norway.incident()
    publish()
    as_("sana").post("/desk/releases")
    work()
    draft = releases.under_way()
    sign(as_("sana"), draft)
    sign(as_("sana"), draft)
    assert client.get(f"{PUBLIC}/releases").get_json()["items"] == []
    assert sign(as_("chipo"), draft).status_code == 403
    sign(as_("pilar"), draft)
    [made] = client.get(f"{PUBLIC}/releases").get_json()["items"]
    assert made["number"] == draft.number


def test_rows_that_changed_after_freezing_stop_the_signature(as_, prepared, calm, norway, publish):
    road = record(calm[2])
    road.damage_best = road.damage_max = 4
    session.flush()
    publish(norway.NOW + timedelta(days=2))
    answer = sign(as_("sana"), prepared)
    assert (answer.status_code, releases.under_way().state) == (409, "WAITING")


def test_the_work_is_told_step_by_step_and_the_ledger_knows_who_did_what(prepared, released, people):
    assert (prepared.steps_done, prepared.steps_total) == (release_jobs.STEPS, release_jobs.STEPS)
    told = [(entry.event, entry.actor_id) for entry in history(prepared.id)]
    sana = people["sana"].id
    assert told == [("release.prepared", sana), ("release.built", None), ("release.approved", sana), ("release.published", sana)]


def test_a_data_set_comes_in_every_format_with_size_rows_and_checksum(client, released):
    files = client.get(f"{PUBLIC}/releases/{released}").get_json()["files"]
    made = {file["format"]: file for file in files}
    assert set(made) == {*FORMATS, *(f"5w.{name}" for name in five_w_files.FORMATS), *release_jobs.TABLES, release_jobs.README, "datapackage.json", "hdx_dataset.json"}
    assert {made[name]["rows_total"] for name in FORMATS} == {3}
    assert all(file["size_bytes"] > 0 and len(file["sha256"]) == 64 for file in files)
    described = client.get(f"{PUBLIC}/releases/{released}/datapackage.json", buffered=True).get_json()
    assert described["resources"][0]["hash"] == f"sha256:{made['csv']['sha256']}"
    assert [field["name"] for field in described["resources"][0]["schema"]["fields"]] == list(PublicIncident.Meta.fields)


# ── Checked ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def downloaded(client, released, tmp_path):
    """The data set as somebody keeps it: every file, the signed list, its signature and the sums."""
    said = client.get(f"{PUBLIC}/releases/{released}").get_json()
    for address in [*(file["address"] for file in said["files"]), said["manifest"], said["signature"], said["checksums"]]:
        name = address.rpartition("/")[2]
        (tmp_path / name).write_bytes(client.get(address, buffered=True).data)
    return tmp_path


def test_the_list_of_files_is_signed_and_every_file_is_what_the_list_says(client, downloaded):
    key = client.get(f"{PUBLIC}/signing-key").get_json()["public_key"]
    said = check(downloaded, key=key)
    assert len(said) == 13
    assert not [line for line in said[1:] if not line.startswith("as signed")]
    listed = json.loads((downloaded / "manifest.json").read_text())
    assert listed["rows_total"] == 3
    assert listed["caveats"]
    assert listed["licence"] == "CC-BY-4.0"


def test_one_changed_byte_is_found_by_the_program_that_stands_alone(client, downloaded, tmp_path):
    program = tmp_path / "verify-release"
    program.write_bytes(client.get(f"{PUBLIC}/verify-release").data)
    assert subprocess.run([sys.executable, program, downloaded], capture_output=True, check=False).returncode == 0
    for name in ("manifest.json", "columns.csv", "manifest.sig"):
        whole = (downloaded / name).read_bytes()
        (downloaded / name).write_bytes(whole[:20] + (b"1" if whole[20:21] != b"1" else b"0") + whole[21:])
        told = subprocess.run([sys.executable, program, downloaded], capture_output=True, text=True, check=False)
        assert (name, told.returncode, "WRONG" in told.stdout) == (name, 1, True)
        (downloaded / name).write_bytes(whole)


def test_another_key_is_not_believed(downloaded):
    assert check(downloaded, key="ab" * 32)[0].startswith("WRONG")


def test_the_tools_everybody_has_check_it_too(downloaded):
    summed = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=downloaded, capture_output=True, check=False)
    assert (summed.returncode, summed.stderr) == (0, b"")


def test_what_the_gate_finds_stops_the_data_set_before_anybody_is_asked(as_, calm, work, client):
    session.execute(text("UPDATE pub.incidents SET summary = 'School: call +47 22 12 34 56'"))
    as_("sana").post("/desk/releases")
    work()
    draft = releases.under_way()
    assert (draft.state, len(draft.found["words"])) == ("BLOCKED", 3)
    assert sign(as_("sana"), draft).status_code == 409
    assert client.get(f"{PUBLIC}/releases").get_json()["items"] == []


@pytest.mark.parametrize(
    ("test", "tampering"),
    [
        ("places", "UPDATE pub.incidents SET lat = 59.123456789 WHERE geo_level = 'POINT'"),
        ("places", "UPDATE pub.incidents SET geo_level = 'H3_8' WHERE geo_level = 'POINT'"),
        ("rules", "UPDATE incidents SET certainty = 'RUMOUR'"),
        ("rules", "UPDATE incidents SET s_class = 'S4', in_use_as = 'SHELTER'"),
    ],
)
def test_a_row_that_the_rules_would_not_show_stops_the_data_set(as_, calm, work, test, tampering):
    session.execute(text(tampering))
    as_("sana").post("/desk/releases")
    work()
    draft = releases.under_way()
    assert draft.state == "BLOCKED"
    assert draft.found[test]


# ── Served ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_comes_whole_in_parts_packed_or_not_at_all(client, released):
    path = f"{PUBLIC}/releases/latest/codelists.csv"
    whole = client.get(path, buffered=True)
    assert (whole.status_code, whole.headers["Accept-Ranges"], whole.headers["Cache-Control"]) == (200, "bytes", "public, max-age=30")
    part = client.get(path, headers={"Range": "bytes=10-19"}, buffered=True)
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    rest = client.get(path, headers={"Range": f"bytes={len(whole.data) - 5}-", "If-Range": whole.headers["ETag"]}, buffered=True)
    assert (rest.status_code, rest.data) == (206, whole.data[-5:])
    packed = client.get(path, headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert (packed.headers["Content-Encoding"], gzip.decompress(packed.data)) == ("gzip", whole.data)
    assert len(packed.data) < len(whole.data) / 2
    same = client.get(path, headers={"If-None-Match": whole.headers["ETag"]}, buffered=True)
    assert (same.status_code, same.data) == (304, b"")


def test_a_part_that_does_not_exist_is_refused_and_another_files_mark_gets_the_whole(client, released):
    path = f"{PUBLIC}/releases/{released}/columns.csv"
    assert client.get(path, headers={"Range": "bytes=999999999-"}, buffered=True).status_code == 416
    whole = client.get(path, headers={"Range": "bytes=0-3", "If-Range": '"another"'}, buffered=True)
    assert whole.status_code == 200


def test_no_name_reaches_anything_but_the_files_of_the_data_set(client, released):
    for name in ("../../etc/passwd", "%2e%2e%2fmanifest.json", "nothing.csv", "tessera-damage-.csv"):
        assert client.get(f"{PUBLIC}/releases/{released}/{name}").status_code == 404


# ── Compared ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_changes_since_a_data_set_name_each_row_once_with_one_word(client, as_, released, calm, norway, publish, work):
    road, school = record(calm[2]), record(calm[1])
    road.damage_best = road.damage_max = 4
    school.workflow = WorkflowState.QUARANTINED
    came = norway.incident(SiteType.TRA_ROAD).id
    publish(norway.NOW + timedelta(days=2))
    with time_machine.travel(NOW + timedelta(days=2)):
        second = again(as_, work)
    said = client.get(f"{PUBLIC}/changes", query_string={"since": released}).get_json()
    words = {item["incident_id"]: item["change"] for item in said["items"]}
    assert words == {number_of(calm[2]): "changed", number_of(calm[1]): "removed", number_of(came): "added"}
    assert (said["since"], said["until"], said["next"]) == (released, second.number, None)
    assert client.get(f"{PUBLIC}/changes", query_string={"since": second.number}).get_json()["items"] == []
    assert number_of(calm[1]) in client.get(f"{PUBLIC}/revocations").get_json()["items"]


def test_the_changes_come_in_pages_and_an_unknown_data_set_is_not_found(client, released, as_, norway, publish, work):
    for _ in range(3):
        norway.incident(SiteType.TRA_ROAD)
    publish(norway.NOW + timedelta(days=1))
    again(as_, work)
    address, seen = f"{PUBLIC}/changes?since={released}&limit=1", []
    while address:
        said = client.get(address).get_json()
        seen += [item["incident_id"] for item in said["items"]]
        address = said["next"]
    assert len(seen) == len(set(seen)) == 3
    assert client.get(f"{PUBLIC}/changes?since=2020.01.1").status_code == 404
    assert client.get(f"{PUBLIC}/changes").status_code == 422


def test_a_merged_row_leads_to_the_one_that_counts_it_only_where_both_said_the_same(client, as_, norway, publish, work):
    norway.said("CONFLICT_LOW")
    home, twin = norway.incident().id, norway.incident().id
    school = norway.incident(SiteType.EDU_SCHOOL, lon=10.3).id
    publish()
    first = made_by_two(as_, work)
    for gone in (twin, school):
        record(gone).merged_into, record(gone).workflow = home, WorkflowState.MERGED_INTO
    session.flush()
    publish(norway.NOW + timedelta(days=1))
    made_by_two(as_, work)
    said = client.get(f"{PUBLIC}/changes", query_string={"since": first}).get_json()["items"]
    assert {item["incident_id"]: (item["change"], item["merged_into"]) for item in said} == {
        number_of(twin): ("removed", number_of(home)),
        number_of(school): ("removed", None),
    }


def made_by_two(as_, work):
    as_("sana").post("/desk/releases")
    work()
    draft = releases.under_way()
    number = draft.number
    sign(as_("sana"), draft)
    sign(as_("pilar"), draft)
    return number


# ── Taken back ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_killed_row_takes_every_data_set_that_held_it_out_of_the_public_at_once(client, released, calm, people):
    path = f"{PUBLIC}/releases/{released}"
    assert client.get(f"{path}/columns.csv", buffered=True).status_code == 200
    takedown.withdraw_from_public(actor(people["chipo"]), kind="record", code=record(calm[1]).public_id)
    session.commit()
    for gone in (path, f"{path}/columns.csv", f"{path}/manifest.json", f"/data/{released}"):
        assert client.get(gone, buffered=True).status_code == 410
    assert client.get(f"{PUBLIC}/releases/latest").status_code == 404


def test_it_is_made_again_without_the_row_under_a_new_number(client, released, calm, people, work):
    gone, old = number_of(calm[1]), released
    digests = [file["sha256"] for file in client.get(f"{PUBLIC}/releases/{old}").get_json()["files"] if file["name"].startswith("tessera-damage")]
    takedown.withdraw_from_public(actor(people["chipo"]), kind="record", code=record(calm[1]).public_id)
    work()
    newer, older = client.get(f"{PUBLIC}/releases").get_json()["items"]
    assert (older["number"], older["state"], older["replaced_by"]) == (old, "WITHDRAWN", newer["number"])
    assert newer["state"] == "PUBLISHED"
    rows = rows_of(client, newer["number"])
    assert len(rows) == newer["rows_total"] == 2
    assert gone not in {row["incident_id"] for row in rows}
    assert not any(store().exists(digest, "releases") for digest in digests)
    removed = client.get(f"{PUBLIC}/changes", query_string={"since": old}).get_json()["items"]
    assert removed == [{"incident_id": gone, "change": "removed", "merged_into": None}]
    assert client.get(f"{PUBLIC}/revocations").get_json()["releases"] == [{"number": old, "replaced_by": newer["number"]}]
    assert not session.scalar(select(func.count()).where(FrozenRow.incident_id == gone))


def test_a_data_set_that_never_held_the_row_stays_as_it_is(client, released, norway, publish, people, as_, work):
    came = norway.incident(SiteType.TRA_ROAD)
    public_id, old = came.public_id, released
    publish(norway.NOW + timedelta(days=1))
    second = again(as_, work).number
    takedown.withdraw_from_public(actor(people["sana"]), kind="record", code=public_id)
    work()
    states = {one["number"]: one["state"] for one in client.get(f"{PUBLIC}/releases").get_json()["items"]}
    assert (states[old], states[second], len(states)) == ("PUBLISHED", "WITHDRAWN", 3)


def test_one_person_withdraws_one_data_set_for_good_and_the_rows_of_now_stay(client, released, people, work, as_):
    path, before = f"{PUBLIC}/releases/{released}", client.get(f"{PUBLIC}/incidents").get_json()["items"]
    for name, wanted in (("bohdan", 403), ("chipo", 303)):
        sent = as_(name).post("/desk/publication/take-out", data={"scope": "release", "code": released})
        assert sent.status_code == wanted
    for gone in (path, f"{path}/columns.csv", f"{path}/manifest.json", f"/data/{released}"):
        assert client.get(gone).status_code == 410
    work()
    assert client.get(f"{PUBLIC}/revocations").get_json()["releases"] == [{"number": released, "replaced_by": None}]
    assert client.get(f"{PUBLIC}/incidents").get_json()["items"] == before
    assert as_("chipo").post("/desk/publication/take-out", data={"scope": "release", "code": released}).status_code == 404
    [entry] = session.scalars(select(LedgerEntry).where(LedgerEntry.event == "release.withdrawn"))
    assert (entry.actor_id, entry.details["number"]) == (actor(people["chipo"]).person_id, released)


def test_where_everything_is_taken_out_nothing_is_made_again(client, released, people, work):
    takedown.withdraw_from_public(actor(people["pilar"]), kind="everything")
    work()
    [only] = client.get(f"{PUBLIC}/releases").get_json()["items"]
    assert (only["state"], only["replaced_by"]) == ("WITHDRAWN", None)


def test_a_row_killed_while_a_data_set_waits_throws_that_away(prepared, calm, people, as_):
    takedown.withdraw_from_public(actor(people["chipo"]), kind="record", code=record(calm[0]).public_id)
    session.commit()
    assert session.get(ReleaseDraft, prepared.id).state == "DISCARDED"
    assert sign(as_("sana"), prepared).status_code == 409


def test_the_services_refuse_whoever_may_not(calm, people):
    for name in ("chipo", "eve"):
        with pytest.raises(Problem, match="not_allowed"):
            releases.prepare(actor(people[name]))
    assert releases.prepare(SYSTEM).rows_total == 3
