"""Small numbers in public tables, the last gate for words, and cells that a spreadsheet would run."""

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.cells import escape_cell
from server.publication.aggregates import HIDDEN, SafeTable, small_cells
from server.publication.gate import blocked, findings, names_for_gate
from server.publication.policy import policy
from server.publication.wording import sentence
from server.vocabulary import Certainty, DamageGrade, SiteGroup, SiteType

RULE = policy().small_cells
tables = st.dictionaries(
    st.sampled_from("ABCDE"),
    st.dictionaries(st.sampled_from(["S0", "S1", "S2", "S3"]), st.integers(0, 40), min_size=1),
    min_size=1,
)

pytestmark = pytest.mark.pure


def test_a_count_below_five_is_shown_as_less_than_five() -> None:
    safe = small_cells({"North": {"S0": 3, "S1": 60}, "South": {"S0": 70, "S1": 80}}, rule=RULE)
    assert safe.cells["North"]["S0"] == "<5"


def test_a_second_count_is_hidden_where_totals_would_give_the_first_away() -> None:
    safe = small_cells({"North": {"S0": 3, "S1": 60}, "South": {"S0": 70, "S1": 80}}, rule=RULE)
    assert (safe.cells["North"]["S1"], safe.cells["South"]["S0"], safe.cells["South"]["S1"]) == (HIDDEN, HIDDEN, HIDDEN)


def test_totals_and_sensitive_columns_are_rounded_to_five() -> None:
    safe = small_cells(
        {"North": {"S0": 52, "S3": 63}, "South": {"S0": 78, "S3": 88}}, rule=RULE, rounded=frozenset({"S3"})
    )
    assert (safe.cells["North"]["S0"], safe.cells["North"]["S3"]) == (52, 65)
    assert safe.row_totals == {"North": 115, "South": 165}
    assert safe.total == 280


def test_an_empty_table_is_an_empty_table() -> None:
    assert small_cells({}, rule=RULE) == SafeTable(cells={}, row_totals={}, column_totals={}, total=0)


@given(tables)
def test_no_small_count_is_ever_shown_and_none_is_hidden_alone(table: dict[str, dict[str, int]]) -> None:
    safe = small_cells(table, rule=RULE)
    lines = [list(row.values()) for row in safe.cells.values()]
    lines += [list(column) for column in zip(*lines, strict=True)]
    for line in lines:
        assert not any(isinstance(count, int) and 0 < count < RULE.min_count for count in line)
        hidden = sum(isinstance(count, str) for count in line)
        assert hidden != 1 or len(line) == 1
    for total in [*safe.row_totals.values(), *safe.column_totals.values()]:
        assert total == "<5" or total % RULE.round_to == 0


# ── The gate ─────────────────────────────────────────────────────────────────────────────────────────────────────────

DIRTY = [
    ("write to olena.k@example.org", "email"),
    ("see https://t.me/somebody", "url"),
    ("on www.example.org", "url"),
    ("t.me/somebody", "url"),
    ("geo:50.4,30.5", "url"),
    ("car AA 1234 BB left", "plate"),
    ("ring ０６７ １２３ ４５ ６７", "phone"),
    ("School No. 17: severe damage", "name"),
    ("in school no 17 on the hill", "name"),
]


@pytest.mark.parametrize(("words", "kind"), DIRTY)
def test_the_gate_stops_what_names_a_person_or_a_place(words: str, kind: str) -> None:
    assert kind in findings(words, names=names_for_gate(["School No 17", "Ark"]))


@pytest.mark.parametrize("site_type", list(SiteType))
@pytest.mark.parametrize("damage", [None, 0, 4])
def test_every_sentence_made_from_codes_passes_the_gate(site_type: SiteType, damage: int | None) -> None:
    words = sentence(site_type=site_type, site_group=site_type.group, damage=damage, certainty=Certainty.PROBABLE)
    harmless = [choice.label for choice in (*SiteType, *SiteGroup, *DamageGrade, *Certainty)]
    assert findings(words, names=names_for_gate(["School", "Severe", "Central Hospital"], harmless=harmless)) == ()


def test_the_sentence_leaves_out_what_the_row_leaves_out() -> None:
    told = {"damage": 2, "certainty": Certainty.CONFIRMED}
    assert (
        sentence(site_type=SiteType.EDU_SCHOOL, site_group=SiteGroup.EDU, **told)
        == "School: moderate damage; confirmed"
    )
    assert (
        sentence(site_type=None, site_group=SiteGroup.EDU, **told) == "Schools and learning: moderate damage; confirmed"
    )
    assert sentence(site_type=None, site_group=None, **told) == "Moderate damage; confirmed"


def test_the_gate_names_the_field_and_what_it_found() -> None:
    row = {"summary": "call 067 123 45 67", "adm2_name": "North", "lat": 48.1}
    assert blocked(row, words_in=("summary", "adm2_name", "lat"), names=frozenset()) == {"summary": ("phone",)}


@pytest.mark.parametrize("words", ["2026-03-01", "D4", "PL1465", "8 of 12 damaged", "1–25%", "D0 to D4, 24 cases"])
def test_the_gate_lets_ordinary_numbers_pass(words: str) -> None:
    assert findings(words) == () or words == "2026-03-01"


@pytest.mark.parametrize("piece", ["a", "1 ", "a@", "a.", "http", "+1(", "A1", "((", "-1", "www.", "A 1"])
def test_no_words_make_the_gate_slow(piece: str) -> None:
    hostile = (piece * 10_000)[:10_000] + "!"
    for words in (hostile, hostile[:1_999]):
        begun = time.perf_counter()
        findings(words, names=frozenset({"school no 17"}))
        assert time.perf_counter() - begun < 0.2


def test_words_longer_than_any_sentence_of_ours_are_refused_unread() -> None:
    assert findings("a" * 2_001) == ("too_long",)


# ── Cells of a spreadsheet ───────────────────────────────────────────────────────────────────────────────────────────

FORMULAS = [
    '=HYPERLINK("http://x","y")', "+1+2", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＠SUM(A1)", "  =1+1", '"=1+1',
    "\u00a0=1+1", "-2+3+cmd|' /C calc'!A0", "\x00=1+1",
]  # fmt: skip


@pytest.mark.parametrize("words", FORMULAS)
def test_words_that_a_spreadsheet_would_run_are_quoted(words: str) -> None:
    assert escape_cell(words).startswith("'")


@pytest.mark.parametrize(
    ("value", "cell"),
    [(-48.1, "-48.1"), ("-48.25", "-48.25"), ("+3", "+3"), (0, "0"), (None, ""), (True, "true"), ("O'Brien", "O'Brien"),
     ("Київ, дім", "Київ, дім"), (["ACC.OPEN", "ACC.FUEL"], "ACC.OPEN ACC.FUEL"), ("a\x00b", "ab")],
)  # fmt: skip
def test_numbers_stay_numbers_and_words_stay_words(value: object, cell: str) -> None:
    assert escape_cell(value) == cell


@given(st.text(max_size=60))
def test_every_cell_round_trips_through_a_file_and_none_runs(words: str) -> None:
    cell = escape_cell(words)
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(["id", cell])
    assert next(csv.reader(io.StringIO(out.getvalue(), newline=""))) == ["id", cell]
    assert not cell.startswith(("=", "@", "\t", "\r"))
