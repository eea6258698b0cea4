"""What stands before receiving: which lane a report comes on, and what that lane asks while it is busy."""

from uuid import UUID

from flask import request

from server.accounts.policy import Actor
from server.core.problems import Problem
from server.core.response import this_response
from server.intake import lanes, proof
from server.intake.lanes import Lane, lane_of
from server.reports import access

CLOSED_RETRY_S = 3_600


def admit(report_id: UUID, *, actor: Actor) -> None:
    """Let a report of a program or a phone in.

    A stranger's, while the lane is busy, needs a proof of work: Problem ``proof_needed`` with a puzzle for this report (its member
    ``challenge``). When proofs do not help either, Problem ``lane_full``. Whoever is signed in or has a key is asked for nothing.
    Problem ``too_many_requests`` for a program of theirs that sends without end; ``response_closed`` once all is over, but a report
    that was received before still gets its receipt.
    """
    refuse_when_closed(report_id)
    lane = lane_of(actor)
    if lane is not Lane.PUBLIC:
        lanes.count_known(actor, lane)
        return
    hardest = lanes.difficulty()
    if not hardest:
        lanes.take_turn()
        return
    word = request.headers.get("Proof", "")
    if not proof.is_solved(word, report_id):
        raise Problem("proof_needed", retry_after=1, more={"challenge": proof.challenge(report_id, hardest=hardest)})
    lanes.count_proved()
    lanes.take_turn()
    if not proof.use(word):
        raise Problem("proof_needed", retry_after=1, more={"challenge": proof.challenge(report_id, hardest=hardest)})


def refuse_when_closed(report_id: UUID) -> None:
    """Problem ``response_closed`` for a new report after the end of the response; a phone keeps what it could not send."""
    if this_response().is_closed and not access.was_received(report_id):
        raise Problem("response_closed", retry_after=CLOSED_RETRY_S)


def admit_post(*, actor: Actor) -> None:
    """Let a post of the page in, which may come from a phone without script and is never asked for a proof.

    Problem ``lane_full`` when too many strangers' posts come at once: the page is then shown again with everything kept.
    """
    if lane_of(actor) is not Lane.PUBLIC:
        return
    if not lanes.has_room_for_form():
        raise Problem("lane_full", retry_after=60)
    lanes.take_turn()
