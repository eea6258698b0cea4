"""The matching commands as an analyst uses them: files in, files out."""

import csv
import gzip
import io
import json
import os
import random
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.pure

HEADER = ["id", "lat", "lon", "reported_at", "category", "text", "lang", "source", "damage", "accuracy_m", "photo_phash", "cluster_id", "label"]
KINDS = [("school", "School hit by a rocket", "школу зруйновано ракетою"), ("residential", "Apartment block hit", "влучання у багатоповерхівку")]


def street(seed, incidents=60):
    """Labelled reports of a street of incidents, two to four reports each, some 40 m from the next incident, some far."""
    dice, rows = random.Random(seed), []
    for number in range(incidents):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=7 * number)
        lat, lon = 50.0 + (number % 10) * 0.0004, 30.0 + (number // 10) * 0.01
        category, english, ukrainian = KINDS[number % 2]
        rows += [
            [
                f"{number:03}-{copy}", f"{lat + dice.gauss(0, 0.00004):.6f}", f"{lon + dice.gauss(0, 0.00006):.6f}",
                (at + timedelta(minutes=dice.randrange(100))).isoformat(), category,
                f"{dice.choice([english, ukrainian])}, Soborna {2 * number + 2}", "en", "app", "severe", "12", "", f"I{number}", "gold",
            ]
            for copy in range(2 + dice.randrange(3))
        ]  # fmt: skip
    return rows


def write(path, rows, header=HEADER):
    said = io.StringIO(newline="")
    csv.writer(said).writerows([header, *rows])
    content = said.getvalue().encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def groups(rows, column):
    found = defaultdict(set)
    for row in rows:
        found[row[column]].add(row["id"])
    return {frozenset(group) for group in found.values()}


@pytest.fixture
def run(app):
    def call(*words):
        return app.test_cli_runner().invoke(args=["matching", *map(str, words)])

    return call


def test_cluster_finds_the_incidents_of_a_file(run, tmp_path):
    rows = street(1)
    answer = run("cluster", write(tmp_path / "in.csv.gz", rows), tmp_path / "out.csv")
    assert answer.exit_code == 0, answer.output
    out = read(tmp_path / "out.csv")
    assert [row["id"] for row in out] == [row[0] for row in rows]
    true = defaultdict(set)
    for row in rows:
        true[row[11]].add(row[0])
    true = {frozenset(group) for group in true.values()}
    assert len(groups(out, "cluster") & true) >= 0.9 * len(true)
    assert all(any(group <= one for one in true) for group in groups(out, "auto_cluster"))
    assert any(len(group) > 1 for group in groups(out, "auto_cluster"))


def test_the_order_of_the_rows_does_not_matter(run, tmp_path):
    rows = street(2)
    run("cluster", write(tmp_path / "a.csv", rows), tmp_path / "a.out")
    run("cluster", write(tmp_path / "b.csv", random.Random(3).sample(rows, len(rows))), tmp_path / "b.out")
    one, other = read(tmp_path / "a.out"), read(tmp_path / "b.out")
    assert {row["id"]: row for row in one} == {row["id"]: row for row in other}


ALL_COMMANDS = """
from server.app import create_app
app = create_app()
run = lambda *words: app.test_cli_runner().invoke(args=["matching", *words], catch_exceptions=False)
run("train", "{folder}/in.csv", "{folder}/{seed}.json")
run("cluster", "{folder}/in.csv", "{folder}/{seed}.clusters", "--weights", "{folder}/{seed}.json")
run("suggest", "{folder}/in.csv", "{folder}/{seed}.pairs", "--weights", "{folder}/{seed}.json")
"""


def test_other_processes_that_hash_otherwise_learn_and_say_the_same_to_the_byte(app, tmp_path):
    write(tmp_path / "in.csv", street(9, incidents=30))
    for seed in ("1", "271828"):
        said = ALL_COMMANDS.format(folder=tmp_path, seed=seed)
        subprocess.run([sys.executable, "-c", said], check=True, env={**os.environ, "PYTHONHASHSEED": seed}, timeout=300)
    for made in ("json", "clusters", "pairs"):
        one, other = ((tmp_path / f"{seed}.{made}").read_bytes() for seed in ("1", "271828"))
        assert one == other != b""


def test_suggest_names_only_earlier_reports_the_likeliest_first(run, tmp_path):
    rows = street(4)
    answer = run("suggest", write(tmp_path / "in.csv", rows), tmp_path / "out.csv")
    assert answer.exit_code == 0, answer.output
    at = {row[0]: row[3] for row in rows}
    found = read(tmp_path / "out.csv")
    assert found
    assert all(at[row["candidate"]] <= at[row["id"]] for row in found)
    best = {row["id"]: row["candidate"] for row in found if row["rank"] == "1"}
    repeats = [name for name in at if any(name[:3] == other[:3] and at[other] < at[name] for other in at)]
    assert sum(name[:3] == best.get(name, "")[:3] for name in repeats) >= 0.9 * len(repeats)


def test_train_writes_weights_that_cluster_uses(run, tmp_path):
    answer = run("train", write(tmp_path / "in.csv", street(5)), tmp_path / "w.json")
    assert answer.exit_code == 0, answer.output
    assert "F1" in answer.output
    learnt = json.loads((tmp_path / "w.json").read_text())
    assert learnt["version"].startswith("learnt from")
    answer = run("cluster", write(tmp_path / "new.csv", street(6)), tmp_path / "out.csv", "--weights", tmp_path / "w.json")
    assert answer.exit_code == 0, answer.output


def test_what_is_missing_or_odd_in_a_row_is_unknown_and_never_an_error(run, tmp_path):
    odd = [
        ["a", "", "", "", "", "", "", "", "", "", "", "", ""],
        ["b", "nan", "inf", "yesterday", "💥", "\x00", "xx", "", "D9", "-1e999", "zz", "", ""],
        ["c", "91", "181", "2024-01-01", "школа", "x" * 200_000, "", "", "D4", "5", "ffff", "", ""],
        ["d", "50", "30"],
    ]
    answer = run("cluster", write(tmp_path / "in.csv", odd), tmp_path / "out.csv")
    assert answer.exit_code == 0, answer.output
    assert [row["id"] for row in read(tmp_path / "out.csv")] == ["a", "b", "c", "d"]


@pytest.mark.parametrize("rows", [[], [["only", "50", "30", "2024-01-01T00:00:00+00:00"]]])
def test_files_with_nothing_to_compare_work_too(run, tmp_path, rows):
    for command in ("cluster", "suggest"):
        assert run(command, write(tmp_path / "in.csv", rows), tmp_path / "out.csv").exit_code == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"lat,lon\n1,2\n", "needs a column id"),
        (b"id\na\na\n", "names the same id twice"),
        (b"id\n\xff\xfe\n", "cannot be read"),
    ],
)
def test_a_file_that_is_no_list_of_reports_is_refused_in_a_sentence(run, tmp_path, content, sentence):
    (tmp_path / "in.csv").write_bytes(content)
    answer = run("cluster", tmp_path / "in.csv", tmp_path / "out.csv")
    assert answer.exit_code == 1
    assert sentence in answer.output


def test_a_broken_archive_unlabelled_rows_and_broken_weights_are_refused(run, tmp_path):
    (tmp_path / "in.csv.gz").write_bytes(b"\x1f\x8b\x08\x00 not really")
    assert "cannot be read" in run("cluster", tmp_path / "in.csv.gz", tmp_path / "out.csv").output
    rows = write(tmp_path / "in.csv", [row[:11] for row in street(7)], HEADER[:11])
    assert "cluster_id" in run("train", rows, tmp_path / "w.json").output
    (tmp_path / "w.json").write_text("{}")
    assert "not a usable weights file" in run("cluster", rows, tmp_path / "out.csv", "--weights", tmp_path / "w.json").output
