"""Lanes: whoever is signed in, whoever has an organisation's key, and everybody else; so that no flood holds up a worker.

Only the public lane is ever asked for anything. While it is calm it is asked for nothing; when it is busy a phone does a short
calculation; when that does not help either, it is told to wait. Whoever sends much from one network is asked earlier, and
never refused for it: behind one network may be a whole town. What is counted is counted in memory (``core/tally.py``).
"""

import threading
from enum import StrEnum

from flask import g

from server.accounts.policy import Actor, may
from server.core.problems import Problem
from server.core.requests import lane_key
from server.core.settings import settings
from server.core.tally import TALLY

MINUTE_S, TEN_MINUTES_S = 60.0, 600.0
NETWORK_SHARE = 10  # a tenth of the calm rate, in ten minutes, before one network is asked for proof
SWAMPED = 8  # times the calm rate, all with proof: from here on the lane waits
FORM_SHARE = 2  # the form without script takes half of the calm rate before its sender is asked to wait
EASIEST, HARDEST = 20_000, 100_000  # how far a phone counts at most: 0.4 to 2.5 seconds on a cheap one
MOST_PER_MINUTE = {"enrolled": 600, "partner": 3_000}  # of one person, of one organisation's programs
PUBLIC_AT_ONCE = 6  # public reports that one process writes at one moment; connections for the other lanes stay free
PATIENCE_S = 4.0


class Lane(StrEnum):
    """On whose account something is received."""

    ENROLLED = "enrolled"
    PARTNER = "partner"
    PUBLIC = "public"


def lane_of(actor: Actor) -> Lane:
    """The lane of whoever makes this request. Being signed in without a role raises nobody's."""
    if not may(actor, "enrolled_lane"):
        return Lane.PUBLIC
    return Lane.ENROLLED if actor.person_id else Lane.PARTNER


def count_known(actor: Actor, lane: Lane) -> None:
    """Count a report of somebody known; Problem ``too_many_requests`` when a program of theirs seems to have gone wild."""
    who = actor.person_id or actor.organisation_id
    if TALLY.hit(f"{lane} {who}", window_s=MINUTE_S) > MOST_PER_MINUTE[lane]:
        raise Problem("too_many_requests", retry_after=60)


def difficulty() -> int:
    """0 while the public lane is calm for whoever asks; else how far a phone must count, more the busier it is."""
    calm = settings().public_reports_per_minute
    load = TALLY.hit("public", window_s=MINUTE_S) / calm
    from_here = TALLY.hit(f"public {lane_key()}", window_s=TEN_MINUTES_S) / (calm / NETWORK_SHARE)
    if load <= 1 and from_here <= 1:
        return 0
    return round(min(HARDEST, EASIEST * max(load, from_here, 1)))


def count_proved() -> None:
    """Count a public report with proof; Problem ``lane_full`` when even those are too many."""
    if TALLY.hit("proved", window_s=MINUTE_S) > SWAMPED * settings().public_reports_per_minute:
        raise Problem("lane_full", retry_after=60)


def has_room_for_form() -> bool:
    """Count a post of the page without script; False when there are too many of them, and this one should come again later."""
    return TALLY.hit("form", window_s=MINUTE_S) <= settings().public_reports_per_minute / FORM_SHARE


_turns = threading.BoundedSemaphore(PUBLIC_AT_ONCE)


def take_turn() -> None:
    """Let at most a few public reports be written at one moment; the others wait their turn. Problem ``lane_full`` after a while."""
    if not _turns.acquire(timeout=PATIENCE_S):
        raise Problem("lane_full", retry_after=15)
    g.has_turn = True


def give_turn_back() -> None:
    """Let the next one in, when this request had a turn."""
    if g.pop("has_turn", False):
        _turns.release()
