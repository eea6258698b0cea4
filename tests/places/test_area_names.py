"""Names of areas for people who read different scripts. Pure."""

import pytest

from server.places.naming import in_two_scripts

pytestmark = pytest.mark.pure

ALEPPO = {"en": "Aleppo", "ar": "حلب", "fr": "Alep"}
KHARKIV = {"en": "Kharkiv", "uk": "Харків", "ru": "Харьков"}


@pytest.mark.parametrize(
    ("name", "names", "language", "said"),
    [
        ("Aleppo", ALEPPO, "en", "Aleppo (حلب)"),
        ("Aleppo", ALEPPO, "ar", "حلب (Aleppo)"),
        ("Aleppo", ALEPPO, "fr", "Alep (حلب)"),
        ("Aleppo", ALEPPO, "es", "Aleppo (حلب)"),
        ("Kharkiv", KHARKIV, "uk", "Харків (Kharkiv)"),
        ("Харків", {}, "en", "Харків"),
        ("Oslo", {"en": "Oslo", "fr": "Oslo"}, "fr", "Oslo"),
        ("17", {"ar": "حلب"}, "en", "17 (حلب)"),
        ("", {}, "en", ""),
    ],
)
def test_a_name_is_said_in_the_readers_language_and_once_more_in_another_script(name, names, language, said):
    assert in_two_scripts(name, names, language) == said
