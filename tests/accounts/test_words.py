"""Whoever signs in is spoken to in their language, and learns nothing about who else has an account."""

import pytest
from flask_security import core

from server.accounts.words import MESSAGES
from server.core import i18n


@pytest.mark.pure
def test_every_message_we_reword_is_one_that_the_library_says():
    assert set(MESSAGES) <= set(core._default_messages)


@pytest.mark.pure
def test_our_words_fill_in_nothing_the_library_does_not_give():
    assert {name for name, (words, _) in MESSAGES.items() if "%(" in words} == {"PASSWORD_INVALID_LENGTH"}


@pytest.mark.pure
def test_an_unknown_address_a_wrong_password_and_a_closed_account_say_the_same():
    alike = ("USER_DOES_NOT_EXIST", "INVALID_PASSWORD", "DISABLED_ACCOUNT", "GENERIC_AUTHN_FAILED")
    assert len({MESSAGES[name][0] for name in alike}) == 1


@pytest.mark.parametrize("language", ["uk", "ar", "fr", "es", "ru"])
def test_the_library_speaks_the_language_of_the_person(app, language):
    from flask_security.utils import get_message

    with app.test_request_context("/"):
        english = get_message("GENERIC_AUTHN_FAILED")[0]
    with app.test_request_context(f"/?lang={language}"):
        said = get_message("GENERIC_AUTHN_FAILED")[0]
        assert said == i18n.words(english) != english
