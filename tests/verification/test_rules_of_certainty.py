"""The rules of certainty, without a database: each condition of each rule alone keeps it from being met, and refusals count what is there."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.verification.workflow import Item, independent, judge, mechanical, steps
from server.vocabulary import AdmiraltyItem, AdmiraltySource, Certainty, ContextMode, Stance

pytestmark = pytest.mark.pure

EARTHQUAKE, WAR = ContextMode.DISASTER, ContextMode.CONFLICT_ACTIVE
PICTURES = (0x0F0F0F0F0F0F0F0F, 0x33CC33CC33CC33CC, 0x5A5AA5A55A5AA5A5)
A, B, C, F = AdmiraltySource.A, AdmiraltySource.B, AdmiraltySource.C, AdmiraltySource.F
I2, I3, I5, I6 = AdmiraltyItem.I2, AdmiraltyItem.I3, AdmiraltyItem.I5, AdmiraltyItem.I6


def judged(to, items, *, mode=EARTHQUAKE, own=None):
    return judge(to, items, mode=mode, verifier_organisation=own)


def resident(number, **more):
    """A neighbour who saw it; the first two have photos of their own that a person located."""
    seen = {"photo_hashes": (PICTURES[number],), "media_located": True} if number < 2 else {}
    return Item(**{"report_id": str(number), "originator": f"voice {number}", "first_hand": True, **seen, **more})


def account(name, *, source=B, item=I2, **more):
    return Item(**{"report_id": name, "originator": name, "source_grade": source, "item_grade": item, **more})


def pictured(name, **more):
    return account(name, **{"photo_hashes": (PICTURES[0],), "media_located": True, "media_timed": True, **more})


def test_three_neighbours_two_photos_located_by_a_person_are_probable_and_no_letter_is_needed():
    neighbours = [resident(number) for number in range(3)]
    found = judged(Certainty.PROBABLE, neighbours, mode=WAR)
    assert (found.allowed, found.rule, found.basis, found.needs_second) == (True, "probable.three_witnesses", ("0", "1", "2"), False)
    assert {one.source_grade for one in neighbours} == {F}
    assert mechanical(neighbours) is Certainty.POSSIBLE, "the machine alone never says so"


@pytest.mark.parametrize(
    ("which", "instead"),
    [
        (2, {"originator": "voice 0"}),
        (2, {"first_hand": False}),
        (2, {"stance": Stance.CONTRADICTS}),
        (2, {"photo_hashes": (PICTURES[0] ^ 0b111111,)}),
        (1, {"media_located": False}),
        (1, {"photo_hashes": ()}),
        (1, {"photo_hashes": (PICTURES[0],)}),
        (1, {"first_hand": False}),
    ],
    ids=["one voice twice", "told by others", "says it is not so", "the photo of the first again", "not located", "no photo", "one photo twice", "located by who did not see it"],
)
def test_each_condition_of_the_three_neighbours_is_needed(which, instead):
    neighbours = [resident(number) for number in range(3)]
    neighbours[which] = replace(neighbours[which], **instead)
    assert not judged(Certainty.PROBABLE, neighbours).allowed
    assert any(not step.is_met for step in steps(Certainty.PROBABLE, neighbours) if step.rule == "3")


def test_of_those_who_send_one_photo_the_one_counts_whose_photo_was_located():
    one, again = resident(0, media_located=False, photo_hashes=(PICTURES[0], PICTURES[2])), resident(0, report_id="9", originator="another")
    assert [item.report_id for item in independent([one, again])] == ["9"]


def test_a_photo_that_is_old_or_of_elsewhere_locates_nothing_and_confirms_nothing():
    old = account("a", media_located=True, media_timed=True, media_elsewhere=True)
    assert not judged(Certainty.PROBABLE, [old]).allowed
    assert not judged(Certainty.CONFIRMED, [old, account("b", source=C, item=I3)]).allowed
    assert judged(Certainty.CONFIRMED, [pictured("a"), account("b", source=C, item=I3)]).basis == ("a", "b")


def test_an_image_and_the_ground_confirm_only_when_they_are_of_two_origins():
    analyst = account("a", is_imagery=True, originator="survey house")
    assert not judged(Certainty.CONFIRMED, [analyst, account("g", originator="survey house")]).allowed
    assert judged(Certainty.CONFIRMED, [analyst, account("g")]).rule == "confirmed.imagery_and_ground"


def test_who_confirms_needs_others_than_the_own_house_and_any_others_do():
    ours, theirs = (account(name, organisation=name, is_field_visit=True, photo_hashes=(PICTURES[at],)) for at, name in enumerate(("ours", "theirs")))
    refused = judged(Certainty.CONFIRMED, [ours], own="ours")
    assert (refused.allowed, "another organisation" in refused.missing) == (False, True)
    assert judged(Certainty.CONFIRMED, [ours, theirs], own="ours").basis == ("theirs",)
    assert judged(Certainty.CONFIRMED, [ours, theirs], own="theirs").basis == ("ours",)
    assert judged(Certainty.CONFIRMED, [theirs], own="ours", mode=WAR).needs_second


def test_refuted_takes_a_reliable_source_against_it_or_a_picture_that_a_person_found_to_be_old_and_nothing_else():
    hoax = account("h", source=F, item=I5, media_elsewhere=True)
    assert judged(Certainty.REFUTED, [hoax]).rule == "refuted.media_elsewhere"
    assert not judged(Certainty.REFUTED, [hoax, resident(0)]).allowed, "somebody who saw it, with a photo, still says so"
    assert not judged(Certainty.REFUTED, [hoax, account("c", source=C, item=I3)]).allowed
    assert not judged(Certainty.REFUTED, []).allowed, "a withdrawal proves nothing"
    assert judged(Certainty.REFUTED, [resident(0), account("a", stance=Stance.CONTRADICTS)]).rule == "refuted.contradicted"
    assert not judged(Certainty.REFUTED, [account("c", source=C, stance=Stance.CONTRADICTS)]).allowed


ITEMS = some.builds(
    Item,
    report_id=some.uuids().map(str), originator=some.sampled_from("abcd"), source_grade=some.sampled_from((A, B, C, F)),
    item_grade=some.sampled_from((I2, I3, I5, I6)), stance=some.sampled_from(Stance), first_hand=some.booleans(),
    photo_hashes=some.lists(some.sampled_from(PICTURES), max_size=2, unique=True).map(tuple), media_located=some.booleans(),
    media_timed=some.booleans(), is_field_visit=some.booleans(), is_imagery=some.booleans(),
)  # fmt: skip


@given(some.lists(ITEMS, max_size=7, unique_by=lambda item: item.report_id), some.sampled_from((Certainty.PROBABLE, Certainty.CONFIRMED)))
def test_what_a_refusal_counts_and_what_is_allowed_never_part(items, to):
    """All lines of one group met is the same as allowed; and what is allowed rests on evidence that supports it."""
    groups = {step.rule for step in steps(to, items)}
    is_met = any(all(step.is_met for step in steps(to, items) if step.rule == group) for group in groups)
    found = judged(to, items)
    assert found.allowed is is_met
    assert set(found.basis) <= {item.report_id for item in items if item.stance is Stance.SUPPORTS}
    assert judged(to, list(reversed(items))).allowed is found.allowed, "the order of evidence is nothing"
