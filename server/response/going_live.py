"""From exercise to live, once and never back; and what stands in the way."""

from collections.abc import Callable
from urllib.parse import urlsplit

from sqlalchemy import func, make_url, or_, select, text

from server.accounts import sessions
from server.accounts.models import Organisation, Person
from server.accounts.policy import SYSTEM, Actor
from server.core import ledger
from server.core.choices import N_
from server.core.clock import now
from server.core.database import see_as, session
from server.core.problems import Problem
from server.core.response import CLOSED, ITSELF, LIVE, facts_as_said, say_fact
from server.core.settings import settings
from server.places.models import AdminArea
from server.reports.models import Report
from server.response.opening import has_administrator

DEMO_DOMAIN = "exercise.example"
FEWEST_LETTERS = 12  # different ones in a secret; 32 characters made by chance have about 25
GUESSABLE = ("change", "secret", "password", "example", "tessera", "for tests")
NEAR = {"localhost", "127.0.0.1", "::1", "[::1]"}

DEMO = N_("DEMO is set. Take it out of the settings and start the server again.")
EXERCISE = N_("EXERCISE is set. Take it out of the settings and start the server again.")
DEMO_PEOPLE = N_("There are accounts of the exercise. Use an empty database: their passwords lie in a file.")
EXERCISE_ROWS = N_("There are reports or areas of an exercise here. A live response needs an empty installation.")
WEAK_SECRET = N_("SECRET_KEY can be guessed. Make one with `openssl rand -base64 48`, before any report comes in.")
OPEN_COOKIES = N_("SECURE_COOKIES is off while others can reach the server. Serve it over HTTPS and switch them on.")
ONE_ROLE = N_("PUBLIC_DATABASE_URL does not name a role of its own: only the code would stand between the public and the reports.")
NO_HOSTS = N_("TRUSTED_HOSTS is empty. Say under which names or addresses people reach this server, and start it again.")
NO_ADMINISTRATOR = N_("Nobody may administer this installation. `flask --app wsgi response open` lets the first one in.")
NO_NAME = N_("The response has no name yet.")
NO_SECOND_FACTOR = N_("You have no second factor yet. Set it up under Account: from now on nobody signs in without one.")
ENDED = N_("This response was closed.")


def obstacles(host: str = "", *, by: Actor = SYSTEM) -> list[str]:
    """Sentences (msgids) about what forbids going live; ``host`` is the name under which ``by``, who asks, reached the server."""
    checks: tuple[tuple[Callable[[], bool], str], ...] = (
        (_is_closed, ENDED), *_checks_of_settings(host), (_has_demo_people, DEMO_PEOPLE), (_has_exercise_rows, EXERCISE_ROWS),
        (lambda: not has_administrator(), NO_ADMINISTRATOR), (_is_nameless, NO_NAME), (lambda: _has_one_factor(by), NO_SECOND_FACTOR),
    )  # fmt: skip
    return [sentence for stands, sentence in checks if stands()]


def dangers(host: str = "") -> list[str]:
    """Sentences (msgids) about settings that a live response must not run with, however it came to them."""
    return [sentence for stands, sentence in _checks_of_settings(host) if stands()]


def _checks_of_settings(host: str) -> tuple[tuple[Callable[[], bool], str], ...]:
    return (
        (lambda: settings().demo, DEMO), (lambda: settings().exercise, EXERCISE), (_is_secret_weak, WEAK_SECRET),
        (lambda: _are_cookies_open(host), OPEN_COOKIES), (_is_one_role, ONE_ROLE), (lambda: not settings().trusted_hosts, NO_HOSTS),
    )  # fmt: skip


def go_live(actor: Actor, *, host: str = "") -> None:
    """Declare the response live. Problem ``not_yet_live`` with what stands in the way, ``already_done`` when it is.

    Everybody else is signed out: from now on signing in takes a second factor, which whoever declares it has already.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(727210)"))
    if facts_as_said().is_live:
        raise Problem("already_done")
    if found := obstacles(host, by=actor):
        raise Problem("not_yet_live", more={"obstacles": found})
    say_fact("exercise", value=False, said_by=actor.person_id)
    say_fact("stage", LIVE, said_by=actor.person_id)
    say_fact("live_since", now().isoformat(), said_by=actor.person_id)
    ledger.record("response.went_live", ITSELF, actor_id=actor.person_id)
    sessions.end_everybody(but=actor.person_id)


def make_exercise(actor: Actor) -> None:
    """Declare all of this an exercise. Problem ``exercise_stays`` when it is live, or holds reports that may be real."""
    found = facts_as_said()
    if found.stage or (not found.exercise and _has_reports()):
        raise Problem("exercise_stays")
    say_fact("exercise", value=True, said_by=actor.person_id)


def _is_closed() -> bool:
    return facts_as_said().stage == CLOSED


def _has_demo_people() -> bool:
    people = select(Person.id).where(func.split_part(Person.email, "@", 2) == DEMO_DOMAIN)
    made_up = select(Organisation.id).where(Organisation.name.startswith("Exercise "))
    return session.scalar(people.limit(1)) is not None or session.scalar(made_up.limit(1)) is not None


def _has_exercise_rows() -> bool:
    made_up = select(AdminArea.id).where(or_(AdminArea.name.startswith("EXERCISE "), AdminArea.pcode == "XT"))
    published = text(
        "SELECT EXISTS (SELECT FROM pub.batches WHERE release_id LIKE 'EXERCISE-%') OR EXISTS (SELECT FROM pub.releases WHERE is_exercise)"
    )
    in_use = facts_as_said().exercise and _has_reports()
    return in_use or session.scalar(made_up.limit(1)) is not None or bool(session.scalar(published))


def _has_reports() -> bool:
    see_as("all")
    return session.scalar(select(Report.id).limit(1)) is not None


def _is_secret_weak() -> bool:
    secret = settings().secret_key
    return len(secret) < 32 or len(set(secret)) < FEWEST_LETTERS or any(word in secret.lower() for word in GUESSABLE)


def _are_cookies_open(host: str) -> bool:
    named = {urlsplit(f"//{name}").hostname or "" for name in (*settings().trusted_hosts, host) if name}
    return not settings().secure_cookies and bool(named - NEAR)


def _is_one_role() -> bool:
    public, own = settings().public_database_url, settings().database_url
    return not public or make_url(public).username == make_url(own).username


def _has_one_factor(who: Actor) -> bool:
    return who.person_id is not None and session.get_one(Person, who.person_id).tf_primary_method is None


def _is_nameless() -> bool:
    return facts_as_said().name.strip() in ("", "Tessera")
