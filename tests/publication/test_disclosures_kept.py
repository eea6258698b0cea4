"""What was once public is remembered while it is public and for seven years after; then it is forgotten, with a proof."""

from datetime import timedelta

from sqlalchemy import func, select, update

from server.core.database import session
from server.core.erasure import ErasureProof
from server.publication import retention
from server.publication.models import Disclosure
from server.publication.writing import take_out
from tests.publication import town


def kept():
    return session.scalar(select(func.count()).select_from(Disclosure))


def test_a_disclosure_goes_seven_years_after_its_row_went_and_never_while_the_row_is_public(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    norway.incident()
    norway.incident()
    publish()
    [gone, _public] = session.scalars(select(Disclosure.published_id))
    take_out([gone], now=town.NOW)
    assert retention.forget_old_disclosures(town.NOW + timedelta(days=7 * 365)) == 0
    assert retention.forget_old_disclosures(town.NOW + timedelta(days=7 * 365 + 3)) == 1
    assert kept() == 1
    session.execute(update(Disclosure).values(first_at=town.NOW - timedelta(days=9_000)))
    assert retention.forget_old_disclosures(town.NOW + timedelta(days=9_000)) == 0
    [proof] = session.scalars(select(ErasureProof).where(ErasureProof.kind == "disclosures"))
    assert (proof.erased, proof.left) == (1, 0)


def test_a_hundred_thousand_numbers_are_taken_out_in_one_statement(norway, publish):
    norway.said("CONFLICT_ACTIVE")
    norway.incident()
    publish()
    own = session.scalar(select(Disclosure.published_id))
    take_out([own, *(f"INC-{n:08}" for n in range(100_000))], now=town.NOW)
    assert session.scalar(select(Disclosure.ended_at)) == town.NOW
