"""What hiding costs: which share is public, how late, how coarse, by class and by district. Hiding too much hides need."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import text

from server.core.database import session
from server.places.baselines import counted_kinds
from server.publication.policy import policy
from server.vocabulary import SensitivityClass, SiteType

# Who passed the gates of certainty and decision is eligible; what no area can hide, or only a region, was made too coarse.
_BY = """
SELECT {by} AS what, count(*) AS eligible,
  count(*) FILTER (WHERE j.hold_until <= j.judged_at) AS due,
  count(d.incident_id) AS published,
  count(*) FILTER (WHERE 'NO_SAFE_PLACE' = ANY(j.reasons)) AS hidden,
  count(*) FILTER (WHERE j.geo_level = 'ADM1') AS by_region,
  count(*) FILTER (WHERE j.waits_for <> '') AS waiting,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY d.first_at - i.first_received_at) AS lag
FROM judgements j JOIN incidents i ON i.id = j.incident_id
LEFT JOIN LATERAL (
  SELECT incident_id, min(first_at) AS first_at FROM disclosures
  WHERE incident_id = j.incident_id GROUP BY incident_id HAVING bool_or(ended_at IS NULL)
) d ON true
WHERE NOT j.reasons && ARRAY['CERTAINTY', 'MILITARY', 'GONE', 'KILLED']::varchar[]
GROUP BY 1 ORDER BY {order}
"""
_BY_CLASS = text(_BY.format(by="j.sensitivity", order="1"))
_BY_DISTRICT = text(_BY.format(by="coalesce(j.area_code, '')", order="5 DESC, 2 DESC") + " LIMIT 30")
_UNHIDDEN = text("""
SELECT i.site_type, count(*) AS n FROM judgements j JOIN incidents i ON i.id = j.incident_id
WHERE 'NO_SAFE_PLACE' = ANY(j.reasons) GROUP BY 1 ORDER BY 2 DESC
""")


FEWEST_TOLD = 20


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One line: of so many eligible records, how many are public, waiting or hidden, and the median wait since receipt."""

    what: str
    eligible: int
    due: int
    published: int
    hidden: int
    by_region: int
    waiting: int
    lag: timedelta | None

    @property
    def share(self) -> float:
        """The share of what is due that is public."""
        return self.published / self.due if self.due else 0.0

    @property
    def share_hidden(self) -> float:
        """The share that no area can hide."""
        return self.hidden / self.eligible if self.eligible else 0.0

    @property
    def asks_for_review(self) -> bool:
        """Whether so much is hidden that the class, or k, should be looked at again."""
        return self.share_hidden > policy().review_above


def public_table() -> tuple[Sequence[str], Iterator[Sequence[str | int]]]:
    """What everybody may know of it: how complete and how late a data set is, in steps of five in a hundred and in days.

    Of a class with few records, and of the severest, nothing is said: it would count what is hidden.
    """
    head = ("class", "places", "share_public", "share_as_region_only", "half_are_public_within_days")
    told = (one for one in by_class() if one.what != SensitivityClass.S4 and one.due >= FEWEST_TOLD)
    return head, (
        (one.what, class_words(one.what), _step(one.share), _step(one.by_region / one.eligible), _days(one.lag)) for one in told
    )  # fmt: skip


def by_class() -> list[Measure]:
    """How each class of places fares."""
    return [_measure(row) for row in session.execute(_BY_CLASS)]


def by_district() -> list[Measure]:
    """How the districts fare in which most is hidden, at most thirty."""
    return [_measure(row) for row in session.execute(_BY_DISTRICT)]


def hidden_for_want_of_a_list() -> list[tuple[SiteType, int, int]]:
    """The kinds of place of which records stay hidden: the kind, how many records, and how many such places the lists know."""
    counted = counted_kinds()
    kinds = {kind.value: kind for kind in SiteType}
    return [(kinds[row.site_type], row.n, counted.get(kinds[row.site_type], 0)) for row in session.execute(_UNHIDDEN)]


def in_lines(measures: Sequence[Measure]) -> list[str]:
    """The measures as lines of a table for the command line."""
    head = f"{'':10} eligible   due  public  hidden  by region  waiting  median wait"
    rows = [
        f"{one.what:10} {one.eligible:8} {one.due:5} {one.published:7} {one.hidden:7} {one.by_region:10} {one.waiting:8}  "
        f"{round(one.lag / timedelta(hours=1)) if one.lag else '–'} h{'  review' if one.asks_for_review else ''}"
        for one in measures
    ]
    return [head, *rows]


def _measure(row: object) -> Measure:
    names = Measure.__dataclass_fields__
    return Measure(**{name: getattr(row, name) for name in names})


def _step(share: float) -> str:
    return f"{min(1.0, int(share * 20) / 20):.2f}"


def _days(lag: timedelta | None) -> str | int:
    return ceil(lag / timedelta(days=1)) if lag is not None else ""


def class_words(code: str) -> str:
    """The words of a class, as a message id."""
    return next((kind.label for kind in SensitivityClass if kind.value == code), code)
