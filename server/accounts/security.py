"""Flask-Security as this house wants it: Argon2id, our sessions, our templates, no tracking, no tokens in forms."""

from collections.abc import Callable
from functools import wraps
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, redirect, request
from flask import session as session_of_browser
from flask_security import Security, SQLAlchemySessionUserDatastore, current_user

from server.accounts import stepping
from server.accounts.models import Person, PersonRole
from server.accounts.second_factor import OnceOnly, settings_of_second_factor
from server.accounts.service import requires
from server.accounts.words import settings_of_words
from server.core.database import session
from server.core.i18n import TRANSLATIONS
from server.core.problems import Problem
from server.core.requests import lane_key, limiter
from server.core.settings import Settings

STRONG = {"argon2__type": "ID", "argon2__memory_cost": 65536, "argon2__time_cost": 3, "argon2__parallelism": 1}
QUICK = {"argon2__type": "ID", "argon2__memory_cost": 64, "argon2__time_cost": 1, "argon2__parallelism": 1}

_HASHING = BoundedSemaphore(4)

datastore = SQLAlchemySessionUserDatastore(session, Person, PersonRole)


def init_app(app: Flask, chosen: Settings) -> None:
    """Install sign-in, sign-out and the second factor."""
    app.config.update(
        WTF_CSRF_ENABLED=False,  # cross-site writes are refused by headers, see core/requests.py
        SECURITY_PASSWORD_SALT=chosen.secret_key,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a method, not a password
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS=QUICK if chosen.testing else STRONG,
        SECURITY_TRACKABLE=False,
        SECURITY_STATIC_FOLDER=None,
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_CACHE_CONTROL=None,  # every answer of the house is marked in one place
        SECURITY_FRESHNESS=stepping.FRESH,
        SECURITY_FRESHNESS_GRACE_PERIOD=stepping.WHILE_AT_IT,
        SECURITY_VERIFY_URL="/account/confirm",
        SECURITY_CHANGEABLE=True,
        SECURITY_CHANGE_URL="/account/password",
        SECURITY_POST_CHANGE_VIEW="/account",
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_POST_LOGIN_VIEW="/desk/start",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_SESSION_PROTECTION=None,
        SESSION_PROTECTION=None,
        SECURITY_I18N_DOMAIN="messages",  # its words come from our catalogues, which know all our languages
        SECURITY_I18N_DIRNAME=[str(TRANSLATIONS)],
        **settings_of_second_factor(chosen),
        **settings_of_words(),
    )
    security = Security(app, datastore, totp_cls=OnceOnly)
    security.want_json(lambda _request: False)  # people sign in on a page; a program has a key
    _slow_down_guessing(app)
    # Nobody signs in by a token in a body: looking for one would read every report whole, before its size is judged.
    app.login_manager._request_callback = None  # type: ignore[attr-defined] # noqa: SLF001
    # Flask-Login would keep a hash of address and agent in the session: anybody can undo such a hash.
    app.login_manager._session_identifier_generator = lambda: ""  # type: ignore[attr-defined] # noqa: SLF001


def _slow_down_guessing(app: Flask) -> None:
    """Few tries a minute for one network and for one person, and few hashes at a time: Argon2 takes 64 MB each."""
    for endpoint in ("security.login", "security.verify", "security.change_password"):
        app.view_functions[endpoint] = _few_at_a_time(_few(app.view_functions[endpoint], _named))
    for endpoint in ("security.two_factor_token_validation", "security.mf_recovery"):
        app.view_functions[endpoint] = _few(app.view_functions[endpoint], _half_signed_in)
    app.view_functions["security.mf_recovery_codes"] = _with_second_factor(app.view_functions["security.mf_recovery_codes"])
    for endpoint in ("security.verify", "security.change_password", "security.mf_recovery_codes", "security.two_factor_setup_validate"):
        app.view_functions[endpoint] = requires("have_account")(app.view_functions[endpoint])
    # Their help asks us by e-mail to switch the second factor off. That is for an administrator who knows the person.
    app.view_functions["security.two_factor_rescue"] = _no_such_help


def _few(view: Callable[..., Any], whose: Callable[[], str]) -> Callable[..., Any]:
    by_network = limiter.limit("10 per minute; 60 per hour", methods=["POST"])(view)
    return limiter.limit("10 per 10 minutes", key_func=whose, methods=["POST"])(by_network)


def _few_at_a_time(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def guarded(**kwargs: Any) -> Any:
        if request.method != "POST":
            return view(**kwargs)
        with _HASHING:
            return view(**kwargs)

    return guarded


def _with_second_factor(view: Callable[..., Any]) -> Callable[..., Any]:
    """Recovery codes without a second factor would open nothing."""

    @wraps(view)
    def guarded() -> Any:
        return view() if current_user.tf_primary_method else redirect("/account/second-factor")

    return guarded


def _no_such_help() -> Any:
    raise Problem("not_found")


def _named() -> str:
    return lane_key() + request.form.get("email", session_of_browser.get("_user_id", "")).strip().lower()[:255]


def _half_signed_in() -> str:
    """Who has given the password and now guesses codes: ten tries in ten minutes, from wherever."""
    return str(session_of_browser.get("tf_user_id", "")) or lane_key()
