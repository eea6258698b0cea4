"""Lanes: whoever is signed in, whoever has an organisation's key, and everybody else; so that no flood holds up a worker."""

from enum import StrEnum

from server.accounts.policy import Actor, may


class Lane(StrEnum):
    """On whose account something is received."""

    ENROLLED = "enrolled"
    PARTNER = "partner"
    PUBLIC = "public"


def lane_of(actor: Actor) -> Lane:
    """The lane of whoever makes this request. Being signed in without a role, or a key that is wrong, raises nobody's."""
    if not may(actor, "enrolled_lane"):
        return Lane.PUBLIC
    return Lane.ENROLLED if actor.person_id else Lane.PARTNER
