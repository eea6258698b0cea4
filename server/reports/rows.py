"""What a draft becomes when it is received: the columns of a report, and the words that go to the vault."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from server.accounts.policy import Actor
from server.core.columns import lon_lat
from server.core.response import this_response
from server.reports import reading, screening, vault
from server.reports.draft import Draft
from server.reports.models import Report
from server.vocabulary import HandlingState, Hazard, SourceType

# What a stranger may call themselves; a claim to be more is kept and flagged.
OPEN_SOURCES = {
    SourceType.SELF_WITNESS,
    SourceType.SELF_OWNER,
    SourceType.FACILITY_STAFF,
    SourceType.SOCIAL_MEDIA,
    SourceType.HEARSAY,
}


# Every column of a report that a row gives, so that one statement serves all; the database fills in nothing.
WRITTEN = tuple(
    column.key for column in Report.__table__.columns if column.key not in ("withdrawn_at", "superseded_by")
)
DEFAULTS: dict[str, Any] = {
    "needs": [], "hazards": [], "access_constraints": [], "consents": [], "casualties": {}, "is_minor": False, "lang": "en", "hint_seen": False,
    "form_version": "", "source_type": SourceType.SELF_WITNESS, "handling": HandlingState.RECEIVED,
}  # fmt: skip


def row_of(draft: Draft, *, actor: Actor, received_at: datetime) -> dict[str, Any]:
    """All columns of a new report: as given, with what is read off it at once."""
    given = dict(draft.values)
    when, when_flags = reading.read_time(given, received_at)
    if given.get("is_minor"):
        given["consents"] = []  # a child agrees to nothing here, by whichever door the report came
    flags = place_flags_of(given)
    found = screening.screen(f"{draft.text}\n{draft.place_text}")
    if given.get("source_type", SourceType.SELF_WITNESS) not in OPEN_SOURCES and not actor.is_known:
        flags.append("claimed_source")
    if Hazard.HZ_NONE in given.get("hazards", ()) and not actor.is_known:
        # Only trained people may say that a place is safe: on a stranger's word somebody might walk onto a mine.
        given["hazards"] = [code for code in given["hazards"] if code != Hazard.HZ_NONE]
        flags.append("claimed_clear")
    flags += when_flags + reading.contradictions({**given, "text": draft.text}) + list(found.flags) + list(draft.flags)
    return {
        **dict.fromkeys(WRITTEN), **DEFAULTS, **given, **when, **reading.read_damage(given), **reading.read_answer(given),
        "id": draft.id, "channel": draft.channel, "received_at": received_at,
        "payload_sha256": draft.sha256, "receipt_hash": _receipt_hash(draft), "flags": list(dict.fromkeys(flags)),
        "quarantine": list(found.quarantine), "media_expected": len(draft.media), "import_id": draft.import_id,
        "organisation_id": actor.organisation_id, "person_id": actor.person_id,
    }  # fmt: skip


def place_flags_of(values: Mapping[str, Any]) -> list[str]:
    """What can be said at once of the place in the values of a draft."""
    lon, lat = _lon_lat(values.get("point"))
    return reading.place_flags(lon, lat, values.get("pin_accuracy_m"), this_response().operating_area)


def _lon_lat(point: Any) -> tuple[float | None, float | None]:
    return (None, None) if point is None else lon_lat(point)


def _receipt_hash(draft: Draft) -> bytes | None:
    return vault.receipt_hash_of_key(draft.receipt_key) if draft.receipt_key else None


def words_of(draft: Draft) -> vault.PrivateWords:
    """What of a draft only the one door opens."""
    return vault.PrivateWords(
        text=draft.text, place_text=draft.place_text, contact=_contact(draft), unread=dict(draft.unread)
    )


def _contact(draft: Draft) -> str:
    """Contact only with consent, and never of a minor."""
    return (
        draft.contact if "KEEP_CONTACT" in draft.values.get("consents", ()) and not draft.values.get("is_minor") else ""
    )
