"""What labels and reviewers teach: trees that explain themselves, words, thresholds, and a person's rulings."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from server.matching import batch, calibration, decisions, growing, thresholds
from server.matching.accounts import Account, Columns
from server.matching.files import account_of
from server.matching.scoring import score, score_each
from server.matching.weights import DEFAULT, load_weights, weights_from
from tests.bench import towns

pytestmark = pytest.mark.pure

NIGHT = datetime(2024, 3, 1, 2, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """A weights file learnt from 2,000 made-up reports with few trees, and what training said of it."""
    folder = tmp_path_factory.mktemp("learnt")
    towns.write(str(folder / "labelled.csv"), 2000, seed=2)
    with pytest.MonkeyPatch.context() as few:
        few.setattr(growing, "ROUNDS", 40)
        reached = train(folder / "labelled.csv", folder / "w.json")
    return folder / "w.json", reached


def train(source, target):
    return calibration.train_file(source, target, json.loads(DEFAULT.read_text()), version="of a test")


@pytest.fixture(scope="module")
def unseen():
    """Other made-up reports: accounts by id, and the incident of each."""
    rows = [dict(zip(towns.HEADER, row, strict=True)) for row in towns.rows(1500, seed=9)]
    return [account_of(row) for row in rows], {row["id"]: row["cluster_id"] for row in rows}


def measured(found, truth):
    return thresholds.agreement(np.unique([*truth.values()], return_inverse=True)[1], np.array([found[one] for one in truth]))


def test_what_was_learnt_is_better_on_unseen_reports_and_its_automatic_band_safe(learnt, unseen):
    weights, (accounts, truth) = load_weights(learnt[0]), unseen
    compared = batch.compare(accounts, weights)
    shipped = load_weights(DEFAULT)
    before = measured(batch.best_guess(batch.compare(accounts, shipped), shipped), truth)
    assert measured(batch.best_guess(compared, weights), truth)["f1"] > before["f1"]
    sure = measured(batch.automatic(compared, weights), truth)
    assert sure["wrong"] <= 0.03
    assert sure["recall"] > 0.05
    assert learnt[1]["automatic_wrong"] <= thresholds.SAFE


def test_learning_twice_gives_the_same_file(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "ROUNDS", 8)
    monkeypatch.setattr(thresholds, "ATTACHES", (0.0, 2.0))
    towns.write(str(tmp_path / "labelled.csv"), 600, seed=2)
    for name in ("one.json", "other.json"):
        train(tmp_path / "labelled.csv", tmp_path / name)
    assert "trees" in json.loads((tmp_path / "one.json").read_text())
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "other.json").read_bytes()


def test_reading_the_trees_here_is_the_same_as_asking_their_maker(learnt):
    trees = load_weights(learnt[0]).trees
    dice = np.random.default_rng(3)
    matrix = dice.normal(0, 30, (500, len(trees.measures))).astype(np.float32)
    matrix[dice.random(matrix.shape) < 0.3] = np.nan
    values = {name: matrix[:, column].astype(float) for column, name in enumerate(trees.measures)}
    assert np.allclose(trees.totals(values), trees._booster.predict(matrix, raw_score=True), atol=1e-9)
    start, parts = trees.contributions(values)
    assert np.allclose(start + sum(parts.values()), trees.totals(values), atol=1e-9)


def test_the_reasons_of_a_pair_add_up_to_its_score(learnt, unseen):
    weights = load_weights(learnt[0])
    first, *others = unseen[0][:12]
    for found in score_each(first, others, weights):
        assert found.base + sum(reason.contribution for reason in found.reasons) == pytest.approx(found.total, abs=0.12)


def test_it_does_not_matter_which_report_comes_first_to_the_trees_either(learnt, unseen):
    weights = load_weights(learnt[0])
    for one, other in zip(unseen[0][:40:2], unseen[0][1:40:2], strict=True):
        assert score(one, other, weights).total == score(other, one, weights).total


def test_distance_alone_never_attaches_however_sure_the_trees_are(learnt):
    weights = replace(load_weights(learnt[0]), attach=-100.0)
    bare = Account(id="a", lon=30.0, lat=0.0, accuracy_m=3, earliest=NIGHT, latest=NIGHT)
    assert score(bare, replace(bare, id="b"), weights).band != "ATTACH"


def test_too_few_labels_teach_the_lines_and_grow_no_trees(tmp_path):
    towns.write(str(tmp_path / "few.csv"), 200, seed=4)
    data, _ = calibration.learn(calibration.read_labelled(tmp_path / "few.csv"), json.loads(DEFAULT.read_text()))
    assert "trees" not in data
    assert data["evidence"]["distance"]["worth"][0] > 0


@pytest.mark.parametrize(
    "broken",
    [
        {"trees": {"measures": ["smell"], "model": []}},
        {"trees": {"measures": ["distance"], "model": ["tree"]}},
        {"clusters": {"linkage": "magic"}},
    ],
)
def test_weights_that_cannot_judge_are_refused(broken):
    with pytest.raises(ValueError, match=r"no evidence|no tree|join by"):
        weights_from(json.loads(DEFAULT.read_text()) | broken)


def neighbours(count, *, words, same):
    """Pairs of accounts a few metres and hours apart, and what a reviewer ruled on each."""
    accounts, rulings = {}, {}
    for number in range(count):
        left, right = f"{number:03}a", f"{number:03}b"
        for name, text in zip((left, right), words, strict=True):
            accounts[name] = Account(id=name, lon=30 + number / 100, lat=0.0, earliest=NIGHT, latest=NIGHT + timedelta(hours=1), text=text)
        rulings[left, right] = same
    return accounts, rulings


def test_rulings_move_what_evidence_is_worth_and_nothing_else():
    start = json.loads(DEFAULT.read_text())
    apart, ruled_apart = neighbours(40, words=("School No. 5 hit", "School No. 7 hit"), same=False)
    joined, ruled_same = neighbours(40, words=("House 4 hit", "House 4 hit"), same=True)
    joined = {f"x{name}": replace(one, id=f"x{name}", lon=one.lon + 10) for name, one in joined.items()}
    rulings = ruled_apart | {(f"x{one}", f"x{other}"): same for (one, other), same in ruled_same.items()}
    data = decisions.learnt(start, apart | joined, rulings, version="decisions")
    before, after = weights_from(start), weights_from(data)
    assert score(apart["000a"], apart["000b"], after).total < score(apart["000a"], apart["000b"], before).total
    assert data["bands"] == start["bands"]
    assert data["evidence"]["photo"] == start["evidence"]["photo"]
    assert data["evidence"]["crowd"] == start["evidence"]["crowd"]
    assert data["version"] == "decisions"


def test_a_list_that_never_repeats_itself_keeps_its_rows_apart():
    """Two rows of a careful list on one spot and day are two; the other list's row joins one of them at most."""
    near = [Account(id=f"c{n}", lon=30 + n // 2 * 0.1 + n % 2 * 1e-5, lat=0.0, earliest=NIGHT, latest=NIGHT, text=text, source="careful")
            for n, text in enumerate(["School hit by shelling", "Windows broken in a flat"] * 20)]  # fmt: skip
    loose = [Account(id=f"l{n}{m}", lon=30 + n * 0.1, lat=0.0, earliest=NIGHT, latest=NIGHT, text="School hit by shelling", source="loose")
             for n in range(20) for m in range(2)]  # fmt: skip
    weights = load_weights(DEFAULT)
    compared = batch.compare([*near, *loose], weights)
    assert compared.distinct == {"careful"}
    found = batch.best_guess(compared, replace(weights, join=-20.0, linkage="single"))
    assert all(found[f"c{n}"] != found[f"c{n + 1}"] for n in range(0, 40, 2))
    assert found["l00"] == found["l01"]


def test_what_people_ruled_binds_the_whole_file(unseen):
    weights, accounts = load_weights(DEFAULT), unseen[0][:300]
    compared = batch.compare(accounts, weights)
    far, near = (accounts[0].id, accounts[-1].id), (accounts[0].id, accounts[1].id)
    for solve in (batch.best_guess, batch.automatic):
        found = solve(compared, weights, must=[far], cannot=[near])
        assert found[far[0]] == found[far[1]]
        assert found[near[0]] != found[near[1]]


def test_the_engine_finds_the_same_pairs_as_comparing_each_with_each(unseen, monkeypatch):
    from server.matching import blocking

    columns = Columns(unseen[0], lean=True).sorted()
    for edge in (0.0, 0.5, 1.0):
        weights = replace(load_weights(DEFAULT), reach_edge=edge)
        engine = blocking.candidate_pairs(columns, weights)
        monkeypatch.setattr(blocking, "FEW", 10_000)
        plain = blocking.candidate_pairs(columns, weights)
        monkeypatch.undo()
        assert len(engine[0]) > 100
        assert set(zip(*map(list, engine), strict=True)) == set(zip(*map(list, plain), strict=True))


@pytest.mark.parametrize(("source", "list_name"), [("paper 2026-11-22", ""), ("call", ""), ("Paper", ""), ("Register of bridges", "register of bridges")])
def test_papers_and_calls_are_what_people_told_and_no_curated_list(source, list_name):
    assert account_of({"id": "1", "source": source}).source == list_name
