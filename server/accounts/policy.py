"""Who may do what: one table of roles and actions. Pure; every door asks here and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from server.vocabulary import Role

Reach = Literal["all", "own", "none"]

DESK = {Role.TRIAGE, Role.VERIFIER, Role.COORD, Role.STEWARD, Role.PROTECTION}

ACTIONS: dict[str, set[Role]] = {
    "see_desk": DESK | {Role.FIELD, Role.PARTNER, Role.AUDITOR},
    "see_reports": DESK | {Role.FIELD, Role.PARTNER},
    "see_personal_words": DESK,
    "see_contact": {Role.COORD, Role.PROTECTION},
    "see_photos": DESK | {Role.FIELD, Role.PARTNER},
    "settle_duplicates": {Role.TRIAGE, Role.VERIFIER, Role.COORD},
    "merge_across_organisations": {Role.COORD},
    "answer_pairs": {Role.TRIAGE, Role.VERIFIER, Role.COORD, Role.PARTNER},
    "assess_report": {Role.VERIFIER, Role.COORD},
    "decide_certainty": {Role.VERIFIER, Role.COORD},
    "edit_incident": {Role.TRIAGE, Role.VERIFIER, Role.COORD},
    "work_queue": {Role.TRIAGE, Role.VERIFIER, Role.COORD},
    "edit_many": {Role.VERIFIER, Role.COORD},
    "enter_for_others": {Role.TRIAGE, Role.VERIFIER, Role.COORD},
    "import_tables": {Role.COORD},
    "see_complaints": {Role.COORD, Role.PROTECTION},
    "see_confidential_complaints": {Role.PROTECTION},
    "handle_report": {Role.TRIAGE, Role.VERIFIER, Role.COORD},
    "see_evidence": DESK,
    "add_evidence": {Role.VERIFIER, Role.COORD},
    "import_imagery": {Role.VERIFIER, Role.COORD},
    "export_feedback": {Role.COORD},
    "redact": {Role.TRIAGE, Role.VERIFIER, Role.COORD, Role.PROTECTION},
    "see_unredacted": {Role.VERIFIER, Role.COORD},
    "preview_public": {Role.COORD, Role.STEWARD, Role.PROTECTION},
    "take_out_of_public": {Role.COORD, Role.STEWARD, Role.PROTECTION},
    "put_back_into_public": {Role.STEWARD, Role.PROTECTION},
    "see_publication": {Role.COORD, Role.STEWARD, Role.PROTECTION, Role.AUDITOR},
    "issue_warning": {Role.AUTHORITY},
    "speak_for_organisation": {Role.PARTNER, Role.COORD, Role.ADMIN},
    "say_situation": {Role.PROTECTION},
    "sign_publication": {Role.STEWARD, Role.PROTECTION},
    "prepare_release": {Role.STEWARD},
    "approve_release": {Role.STEWARD, Role.PROTECTION},
    "export_for_partner": {Role.PARTNER, Role.COORD},
    "see_ledger": {Role.AUDITOR, Role.COORD, Role.STEWARD, Role.PROTECTION},
    "manage_accounts": {Role.ADMIN},
    "see_setup": {Role.ADMIN, Role.COORD, Role.STEWARD, Role.PROTECTION},
    "set_up_response": {Role.ADMIN},
    "see_handover": {Role.ADMIN, Role.COORD},
    "close_response": {Role.ADMIN, Role.COORD, Role.STEWARD},
    "have_account": set(Role),
    "see_status": {Role.ADMIN, Role.COORD, Role.STEWARD, Role.PROTECTION, Role.AUDITOR},
    "see_exact_points": DESK,
    "see_most_protected": {Role.PROTECTION},
    "edit_needs": {Role.TRIAGE, Role.VERIFIER, Role.COORD},
    "give_aid": {Role.FIELD, Role.PARTNER, Role.COORD},
    "refer_needs": {Role.PARTNER, Role.COORD},
    "coordinate_aid": {Role.COORD},
    "assign_records": {Role.COORD, Role.PROTECTION},
    "be_alerted": DESK | {Role.FIELD, Role.PARTNER},
    "connect_webhooks": {Role.COORD, Role.STEWARD, Role.PARTNER},
    "print_situation": DESK | {Role.PARTNER, Role.AUDITOR},
    "print_for_coordinators": DESK,
    "enrolled_lane": DESK | {Role.FIELD, Role.PARTNER},
}


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody, or some program, who asks. ``person_id`` is None for strangers, for keys and for the house itself."""

    person_id: UUID | None = None
    organisation_id: UUID | None = None
    roles: frozenset[Role] = field(default_factory=frozenset)
    alias: str = ""
    is_system: bool = False
    areas: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        """Whether this is somebody signed in, a program with a key, or the house itself."""
        return self.is_system or self.person_id is not None or self.organisation_id is not None


ANONYMOUS = Actor()
SYSTEM = Actor(alias="Tessera", is_system=True)


def may(actor: Actor, action: str) -> bool:
    """Whether ``actor`` may do ``action``, a key of ``ACTIONS`` (KeyError for an unknown one: a typo is never a permission)."""
    return actor.is_system or bool(ACTIONS[action] & actor.roles)


def reach(actor: Actor) -> Reach:
    """How far an actor sees reports: of all, of the own organisation, or none."""
    if actor.is_system or DESK & actor.roles:
        return "all"
    if {Role.FIELD, Role.PARTNER} & actor.roles and actor.organisation_id:
        return "own"
    return "none"


def acts_in(actor: Actor, pcodes: Iterable[str | None]) -> bool:
    """Whether an actor works where the areas ``pcodes`` lie (those of one record, any level). P-codes nest: a district's begins with
    its region's. Who has no areas works everywhere; a record whose area is not known is everybody's.
    """
    known = [code for code in pcodes if code]
    if actor.is_system or not actor.areas or not known:
        return True
    return any(code.startswith(area) for code in known for area in actor.areas)


def acts_for(actor: Actor, sectors: Iterable[str]) -> bool:
    """Whether an actor works in one of ``sectors``; who has none works in all, and what has none is everybody's."""
    asked = set(sectors)
    return actor.is_system or not actor.sectors or not asked or bool(asked & actor.sectors)


def reads_whole(actor: Actor, organisation_id: UUID | None) -> bool:
    """Whether an actor who compares reports reads one of ``organisation_id`` (None: nobody's) whole, or only cell, day, kind and grade."""
    if may(actor, "merge_across_organisations"):
        return True
    if organisation_id is None:
        return reach(actor) == "all"
    return actor.organisation_id == organisation_id
