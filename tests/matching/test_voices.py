"""Who counts as an independent witness, on real damage records: the column, the rules of certainty and the page say the same."""

import pytest

from server.accounts.policy import ANONYMOUS, Actor
from server.core.database import session
from server.evidence.models import Photo
from server.matching import service
from server.reports import access
from server.verification import service as verification
from server.verification.workflow import independent
from server.vocabulary import Channel, DamageGrade, DamageScale, SourceType
from tests.matching.pairs import told

HOUSE = {"text": "Missile hit apartment block", "place": "Soborna street 12"}
STORY = "Upper floors burnt out, stairs collapsed, balcony hanging loose above entrance of the blue kiosk"


def pictured(number):
    access.see_as("all")
    session.add(Photo(report_id=number, position=1, state="CLEAN", original_sha256=number.bytes * 2, original_bytes=1, perceptual_hash=0x5A5A_F0F0_1234_9ABC))


def tell(person=None, *, photo=False, **given):
    actor = Actor(person_id=person.person_id) if person else ANONYMOUS
    number = told(**{**HOUSE, "actor": actor, **given})
    session.flush()
    if photo:
        pictured(number)
    return number


@pytest.mark.parametrize(
    ("one", "other", "voices"),
    [
        ({}, {}, 2),
        ({"person": "amal"}, {"person": "amal"}, 1),
        ({"person": "amal"}, {"person": "dario"}, 2),
        ({"photo": True}, {"photo": True}, 1),
        ({"text": "Seen on https://t.me/town/77?utm_source=x"}, {"text": "https://www.t.me/town/77 shows it"}, 1),
        ({"text": STORY}, {"text": f"{STORY} !"}, 1),
        ({}, {"hint_seen": True}, 1),
        ({"person": "chipo", "channel": Channel.PHONE}, {"person": "chipo", "channel": Channel.PHONE}, 2),
        ({"channel": Channel.PHONE, "text": STORY}, {"channel": Channel.PHONE, "text": STORY}, 2),
        ({"person": "sana", "channel": Channel.BULK, "text": STORY}, {"person": "sana", "channel": Channel.BULK, "text": STORY}, 2),
    ],
    ids=["a shared phone", "one account", "two accounts", "one photo", "one post", "one wording", "the hint", "an operator", "an operator's form of words", "an import"],
)  # fmt: skip
def test_two_reports_of_one_damage_are_as_many_witnesses_as_people_saw_it(one, other, voices, app, work, staff):
    numbers = []
    for given in (one, other):
        person = staff[given["person"]] if "person" in given else None
        first = {"same_damage_as": service.incident_of(numbers[0]).public_id} if numbers else {}
        numbers.append(tell(**{**given, **first, "person": person}))
        session.commit()
        work()
    here = service.incident_of(numbers[0])
    assert service.incident_of(numbers[1]).id == here.id
    session.refresh(here)
    assert (here.report_count, here.witness_count) == (2, voices)
    assert len(independent(verification.items_of(here.id))) == voices


def test_an_engineer_on_site_prevails_over_field_workers_and_the_others_are_kept(app, work, staff):
    number = tell(damage=DamageGrade.D3, source_scale=DamageScale.EMS98.value, source_type=SourceType.FIELD_UN)
    others = [tell(damage=DamageGrade.D1, source_type=SourceType.FIELD_NGO) for _ in range(2)]
    session.commit()
    work()
    here = service.incident_of(number)
    for other in others:
        if service.incident_of(other).id != here.id:
            service.attach(other, here.id, actor=staff["chipo"], reason="One house")
    session.refresh(here)
    assert (here.report_count, here.damage_best, here.disputed) == (3, 3, ["damage"])
