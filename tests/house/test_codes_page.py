"""The reference page of the codes says what the vocabulary says."""

import pytest

from server.documents.codes import codes_page
from server.vocabulary import CROSSWALKS, code_lists

pytestmark = pytest.mark.pure


def test_every_list_code_and_word_is_on_the_page():
    page = codes_page()
    for kind in code_lists():
        section = page.partition(f"### {kind.__name__}\n")[2].partition("\n### ")[0]
        for member in kind:
            assert f"| `{member}` | {member.label} |" in section, member


def test_every_foreign_grade_is_on_the_page_with_what_it_allows_to_say():
    page = codes_page()
    for scale, values in CROSSWALKS.items():
        section = page.partition(f"### {scale.label}\n")[2].partition("\n### ")[0]
        for value, interval in values.items():
            assert f"| {value} | {interval.min or ''} | {interval.max or ''} | {interval.best} |" in section, (
                scale,
                value,
            )


def test_every_row_of_a_table_has_as_many_cells_as_its_head():
    width = 0
    for line in codes_page().splitlines():
        cells = line.replace("\\|", "").count("|")
        width = (width or cells) if cells else 0
        assert cells == width, line
