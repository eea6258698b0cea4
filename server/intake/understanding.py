"""What the answers of the page say, however they came: as a post, or sealed by a phone. Read in one place, here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from server.core.response import this_response
from server.intake.answers import Answers, Form, keep_off_the_map, read_answers
from server.intake.form_places import Offer, read_place_of


@dataclass(frozen=True, kw_only=True)
class Understood:
    """The members of a new report with flags and errors, and the places to choose from where the words may name some."""

    answers: Answers
    offers: Sequence[Offer] = ()


def understand(form: Form, *, at: datetime) -> Understood:
    """Read the answers of the page. ``at`` (aware) is the moment from which "today" and "just now" count."""
    answers = read_answers(form, zone=ZoneInfo(this_response().time_zone), now=at)
    offers = read_place_of(form, answers)
    keep_off_the_map(answers)
    return Understood(answers=answers, offers=offers)
