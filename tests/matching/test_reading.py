import pytest

from server.matching.reading import kind_of, read, skeleton

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("вул. Соборна 12", "Soborna St 12"),
        ("ул. Крещатая 7", "вул. Хрещата, 7"),
        ("calle Naberezhna 40", "вул. Набережна 40"),
        ("Soborna street 12", "12 Soborna street"),
        ("школа №17", "School No. 17"),
        ("مدرسة رقم 58", "School No. 58"),
        ("مدرسة رقم ٥٨", "School No. 58"),
        ("escuela n.º 5", "école no 5"),
        ("House 5, street 28 damaged", "Будинок 5, вулиця 28"),
        ("casa 11 de calle 5", "المنزل رقم 11، شارع 5"),
    ],
)
def test_one_numbered_place_is_recognised_across_scripts(one, other):
    assert read(one).addresses & read(other).addresses


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Soborna 12", "Soborna 14"),
        ("house 5, street 28", "house 5, street 29"),
        ("house 5, street 28", "house 28, street 5"),
        ("house 5", "house 5"),
        ("School No. 17", "Hospital No. 17"),
        ("Soborna 12", "Myru 12"),
    ],
)
def test_other_numbers_kinds_and_streets_are_other_places(one, other):
    assert not read(one).addresses & read(other).addresses


@pytest.mark.parametrize(
    "words",
    ["6 injured", "поранено 4", "أصيب 8 أشخاص", "3 heridos", "around 19:00", "on 25.11", "близько 20:00", "sobre las 14:00", "at 5 pm"],
)
def test_counts_of_people_hours_and_dates_are_no_house_numbers(words):
    assert not read(words).numbers


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("hospital", "HEA.HOSP"), ("Лікарня №3", "HEA.HOSP"), ("مستشفى", "HEA.HOSP"), ("escuela", "EDU.SCHOOL"),
        ("дитсадок", "EDU.PRE"), ("Bombing or Explosion", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_kind_of_place_is_read_in_six_languages(category, kind):
    assert kind_of(category) == kind


def test_skeletons_forgive_vowels_and_doubles():
    assert skeleton("khreshchata") == skeleton("kreshchataya")


@pytest.mark.parametrize("words", ["", " ", "№", "#", "12", "\u202e\u200f", "🔥🔥", "'" * 50, "a" * 10_000])
def test_any_words_can_be_read(words):
    read(words, words)
