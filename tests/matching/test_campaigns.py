"""Campaigns of made-up reports among real ones: one batch, one decision, nothing verified by itself, and a way back."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from server.core.database import session
from server.core.problems import Problem
from server.evidence.models import Photo
from server.matching import campaigns, questions, service
from server.matching.models import Campaign, CampaignReport, Incident, Suggestion
from server.matching.patterns import Patterns
from server.reports import access
from server.reports.models import Report
from server.vocabulary import Certainty, Channel, SiteType, WitnessProximity
from tests.matching.pairs import LAST_NIGHT, told

TEMPLATES = (
    "Terrible explosion destroyed the whole residential quarter {}, dozens of dead bodies lie on the street, share this everywhere",
    "Enemy rockets burned down the children hospital of {} tonight and nobody helps us, tell all channels and newspapers now please",
)
SPOKEN = [first + second for first in ("ba", "ke", "li", "mo", "nu", "pra", "sto", "ver", "zan", "gri") for second in ("dora", "kim", "lesk", "mut", "nev", "rol", "sin", "tog", "vark", "wem")]
PLACES = ("Lypky", "Podil", "Obolon", "Teremky", "Bortnychi", "Zhuliany", "Vyshhorod", "Irpin", "Hostomel", "Boiarka")


def photo(number, fingerprint):
    """A clean photo of a report, as the darkroom leaves it."""
    access.see_as("all")
    session.add(Photo(report_id=number, position=1, state="CLEAN", original_sha256=number.bytes * 2, original_bytes=1, perceptual_hash=fingerprint))
    session.flush()


def one_photo_in_many_places(dice, count):
    """First-hand reports far apart, each with the same photo, compressed anew."""
    numbers = [
        told(east=dice.uniform(-60e3, 60e3), north=dice.uniform(-60e3, 60e3), text=f"Bombed {step}", witness_proximity=WitnessProximity.SAW_IT)
        for step in range(count)
    ]
    for number in numbers:
        photo(number, 0x5A5A_F0F0_1234_9ABC ^ (1 << dice.randrange(60)))
    return numbers


@pytest.fixture
def shared_photo(app, work):
    """A campaign of eight reports that share one photo: its number and theirs."""
    one_photo_in_many_places(random.Random(6), 8)
    session.commit()
    work()
    number = session.scalar(select(Campaign.id).where(Campaign.kind == "photo"))
    members = campaigns.members(number)
    assert len(members) == 8
    return number, members


@pytest.fixture
def night(app, work):
    """A night: 60 real reports; 84 made up, of two wordings, one photo in many places, and a burst. ``(real, made up)``."""
    dice = random.Random(5)
    real = [
        told(east=dice.gauss(0, 4000), north=dice.gauss(0, 4000), text=" ".join(dice.sample(SPOKEN, 9)), site_type=dice.choice(list(SiteType)[:9]),
             at=LAST_NIGHT + timedelta(minutes=dice.randrange(400)))
        for _ in range(60)
    ]  # fmt: skip
    first_hand = {"witness_proximity": WitnessProximity.SAW_IT}
    fakes = [
        told(east=dice.uniform(-60e3, 60e3), north=dice.uniform(-60e3, 60e3), text=template.format(f"{dice.choice(PLACES)} {step}"), **first_hand)
        for template in TEMPLATES
        for step in range(16)
    ]
    fakes += one_photo_in_many_places(dice, 16)
    fakes += [told(east=200e3 + dice.uniform(-400, 400), north=dice.uniform(-400, 400), text=f"Fire {step}", **first_hand) for step in range(36)]
    session.commit()
    work()
    return real, fakes


def batches():
    session.expire_all()
    return dict(session.execute(select(CampaignReport.report_id, CampaignReport.campaign_id)).all())


def test_a_campaign_lands_in_few_batches_and_verifies_nothing_by_itself(night, staff):
    real, fakes = night
    found = batches()
    caught = [number for number in fakes if number in found]
    assert len(caught) >= 0.95 * len(fakes)
    assert len({found[number] for number in caught}) <= 20
    assert [number for number in real if number in found] == []
    certain = session.scalars(select(Incident.certainty).distinct())
    assert set(certain) <= {Certainty.RUMOUR, Certainty.POSSIBLE}
    of_fakes = {service.incident_of(number).certainty for number in caught}
    assert of_fakes == {Certainty.RUMOUR}, "a first-hand photo makes a rumour possible, but not one that many places share"
    asked = session.scalar(select(func.count()).select_from(Suggestion).where(Suggestion.report_id.in_(caught), Suggestion.settled_at.is_(None)))
    open_all = session.scalar(select(func.count()).select_from(Suggestion).where(Suggestion.settled_at.is_(None)))
    assert questions.count_open(staff["chipo"]) == open_all - asked, "what real reports ask is not drowned"


def test_one_decision_sets_all_of_a_batch_aside_and_undo_brings_them_back_exactly(shared_photo, work, staff):
    number, members = shared_photo
    before = {one: service.incident_of(one).id for one in members}
    campaigns.settle(number, "fake", actor=staff["chipo"])
    session.commit()
    work()
    assert [service.incident_of(one) for one in members] == [None] * len(members)
    assert session.scalar(select(func.count()).select_from(Incident).where(Incident.id.in_(before.values()), Incident.on_map)) == 0
    with pytest.raises(Problem, match="already_done"):
        campaigns.settle(number, "genuine", actor=staff["bohdan"])
    campaigns.reopen(number, actor=staff["chipo"])
    session.commit()
    work()
    assert {one: service.incident_of(one).id for one in members} == before
    assert campaigns.by_id(number).settled_at is None


def test_what_is_held_to_be_genuine_counts_like_any_other(shared_photo, work, staff):
    number, members = shared_photo
    campaigns.settle(number, "genuine", actor=staff["chipo"])
    session.commit()
    work()
    access.see_as("all")
    assert not any("campaign" in flags for flags in session.scalars(select(Report.flags).where(Report.id.in_(members))))
    assert {service.incident_of(one).certainty for one in members} == {Certainty.POSSIBLE}


@pytest.mark.parametrize("name", ["eve", "amal", "dario", "sana"])
def test_who_may_not_settle_duplicates_decides_about_no_batch(name, app, staff):
    campaign = Campaign(kind="words")
    session.add(campaign)
    session.commit()
    with pytest.raises(Problem, match="not_allowed"):
        campaigns.settle(campaign.id, "fake", actor=staff[name])
    assert campaigns.by_id(campaign.id).settled_at is None


def test_a_report_that_is_taken_back_leaves_no_mark(app, work):
    from server.accounts.policy import ANONYMOUS
    from server.reports.service import withdraw

    number = told(text=TEMPLATES[0].format("Lypky"), channel=Channel.WEB)
    session.commit()
    work()
    assert session.scalar(text("SELECT count(*) FROM report_marks WHERE cardinality(marks) > 0")) == 1
    withdraw(number, actor=ANONYMOUS)
    session.commit()
    work()
    assert session.scalar(text("SELECT count(*) FROM report_marks")) == 0


@pytest.mark.pure
def test_one_post_is_told_however_its_address_is_dressed():
    marks = Patterns(b"k" * 32).of_posts
    assert marks("see https://www.t.me/kyiv/123?utm_source=x.") == marks("T.ME/kyiv/123")
    assert marks("https://twitter.com/a/status/9?s=20") == marks("x.com/a/status/9")
    assert marks("https://t.me/kyiv/124") != marks("https://t.me/kyiv/123")
    assert marks("no address here") == []


@pytest.mark.pure
def test_short_words_make_no_pattern_and_another_key_other_marks():
    one, other = Patterns(b"k" * 32), Patterns(b"l" * 32)
    words = ["terrible", "explosion", "destroyed", "whole", "residential", "quarter", "bodies", "street"]
    assert one.of_words(words[:5]) == []
    assert set(one.of_words(words)).isdisjoint(other.of_words(words))
    assert len(set(one.of_words(words)) & set(one.of_words([*words, "lypky"]))) >= 2
