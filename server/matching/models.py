"""Damage records (incidents), the links that lay reports over one another, and what people ruled about pairs.

Every link carries a score, reasons and an author, and can be undone. A merged record keeps its public number and points on.
The map's cells follow the incidents through a trigger that writes a log, folded by a job (``matching/map_cells.py``).
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, coded_list, listed, passport, point, stamped, uuid_pk
from server.core.database import Base
from server.matching.review_models import Campaign, CampaignReport, PairRuling, ReportAddress, ReportMarks, Suggestion
from server.vocabulary import (
    AccessConstraint,
    Audience,
    CauseGroup,
    Certainty,
    EventPrecision,
    FunctionalStatus,
    Hazard,
    InUseAs,
    NeedType,
    SensitivityClass,
    SiteType,
    WeaponType,
    WorkflowState,
)

__all__ = [
    "Attachment", "Campaign", "CampaignReport", "Incident", "IncidentChange", "PairRuling", "ReportAddress", "ReportMarks",
    "Suggestion",
]  # fmt: skip

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL
OFF_MAP = "'MERGED_INTO', 'WITHDRAWN', 'QUARANTINED'"
ON_MAP = f"point IS NOT NULL AND merged_into IS NULL AND workflow NOT IN ({OFF_MAP})"
# What nobody has read yet, by what hurts most: the first that fits of people trapped, a lifeline down, danger on the spot, a
# protected site, and the rest. NULL once somebody took it up. A column, so that a queue is counted from an index alone.
QUEUE = """CASE WHEN merged_into IS NOT NULL OR workflow NOT IN ('NEW', 'REOPENED') THEN NULL
 WHEN people_trapped THEN 1
 WHEN split_part(site_type, '.', 1) IN ('HEA', 'WSH', 'ENE', 'COM')
  AND (functional_status IN ('F1', 'F2') OR (coalesce(functional_status, 'F0') = 'F0' AND damage_best >= 3)) THEN 2
 WHEN hazards && ARRAY['HZ.UXO','HZ.MINE','HZ.SUBMUN','HZ.COLLAPSE','HZ.FIRE','HZ.GAS','HZ.POWER','HZ.CHEM','HZ.RAD','HZ.RESTRIKE']::varchar[] THEN 3
 WHEN s_class IN ('S3', 'S4') THEN 4 ELSE 5 END"""


class Incident(Base):
    """One occurrence of damage at one place from one event. Grades are 0–4 (D0–D4); ``damage_best`` NULL means DU."""

    __tablename__ = "incidents"
    __table_args__ = (
        CheckConstraint("damage_min <= damage_max", name="damage_in_order"),
        CheckConstraint(
            "event_earliest IS NULL OR event_latest IS NULL OR event_earliest <= event_latest", name="event_in_order"
        ),
        listed("hazards", Hazard),
        listed("needs", NeedType),
        listed("access_constraints", AccessConstraint),
        Index(
            "ix_incidents_map",
            "cell_key",
            postgresql_include=["damage_best", "certainty"],
            postgresql_where=text("on_map"),
        ),
        # Place and time in one index: the neighbours of a new report are found without visiting a year of others.
        Index(
            "ix_incidents_place_and_time",
            "point",
            text("tstzrange(event_earliest, event_latest, '[]')"),
            postgresql_using="gist",
        ),
        Index("ix_incidents_queue", "queue", "opened_at", "id", postgresql_where=text("queue IS NOT NULL")),
        # What is shown coarser than the rest to those who do not see exact places.
        Index("ix_incidents_protected", "s_class", "cell_key", postgresql_where=text("on_map AND s_class IN ('S3', 'S4')")),
        Index("ix_incidents_changed", "changed_at", "id"),
        Index("ix_incidents_event_latest", "event_latest"),
        Index("ix_incidents_adm2_pcode", "adm2_pcode"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    public_id: Mapped[str] = mapped_column(String(16), unique=True, info=passport(N_("Damage record"), audience=COORD))
    site_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("sites.id"), index=True, info=passport(N_("Known place"), audience=COORD)
    )
    event_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("events.id"), index=True, info=passport(N_("Attack or disaster"), audience=COORD)
    )
    point: Mapped[WKBElement | None] = point(spatial_index=False, info=passport(N_("Place"), audience=COORD, hxl="#geo"))
    accuracy_m: Mapped[float | None] = mapped_column(Float, info=passport(N_("Accuracy in metres"), audience=COORD))
    cell_key: Mapped[int | None] = mapped_column(
        BigInteger,
        Computed("tessera_cell_key(point)", persisted=True),
        info=passport(N_("Map cell"), audience=INTERNAL),
    )
    h3_r9: Mapped[str | None] = mapped_column(String(16), info=passport(N_("H3 cell, resolution 9"), audience=COORD))
    adm1_pcode: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("Region"), audience=COORD, hxl="#adm1+code+v_pcode")
    )
    adm2_pcode: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("District"), audience=COORD, hxl="#adm2+code+v_pcode")
    )
    adm3_pcode: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("Municipality"), audience=COORD, hxl="#adm3+code+v_pcode")
    )
    event_earliest: Mapped[datetime | None] = mapped_column(info=passport(N_("Not before"), audience=COORD))
    event_latest: Mapped[datetime | None] = mapped_column(info=passport(N_("Not after"), audience=COORD))
    event_precision: Mapped[EventPrecision] = coded(
        EventPrecision,
        server_default=EventPrecision.UNK.value,
        info=passport(N_("Exactness of the time"), audience=COORD),
    )
    site_type: Mapped[SiteType] = coded(
        SiteType, server_default=SiteType.UNK.value, info=passport(N_("Type of place"), audience=COORD)
    )
    in_use_as: Mapped[InUseAs | None] = coded(InUseAs, info=passport(N_("In use as"), audience=COORD))
    s_class: Mapped[SensitivityClass] = coded(SensitivityClass, info=passport(N_("Sensitivity"), audience=COORD))
    cause_group: Mapped[CauseGroup] = coded(
        CauseGroup, server_default=CauseGroup.UNK.value, info=passport(N_("Cause"), audience=COORD)
    )
    weapon_type: Mapped[WeaponType | None] = coded(WeaponType, info=passport(N_("Weapon"), audience=COORD))
    damage_min: Mapped[int | None] = mapped_column(SmallInteger, info=passport(N_("Damage at least"), audience=COORD))
    damage_max: Mapped[int | None] = mapped_column(SmallInteger, info=passport(N_("Damage at most"), audience=COORD))
    damage_best: Mapped[int | None] = mapped_column(SmallInteger, info=passport(N_("Damage"), audience=COORD))
    functional_status: Mapped[FunctionalStatus | None] = coded(
        FunctionalStatus, info=passport(N_("Does it still work?"), audience=COORD)
    )
    hazards: Mapped[list[str]] = coded_list(Hazard, info=passport(N_("Hazards"), audience=COORD))
    needs: Mapped[list[str]] = coded_list(NeedType, info=passport(N_("Needs"), audience=COORD))
    access_constraints: Mapped[list[str]] = coded_list(AccessConstraint, info=passport(N_("Access"), audience=COORD))
    people_trapped: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("People may be trapped"), audience=COORD)
    )
    certainty: Mapped[Certainty] = coded(
        Certainty, server_default=Certainty.RUMOUR.value, info=passport(N_("Certainty"), audience=COORD)
    )
    workflow: Mapped[WorkflowState] = coded(
        WorkflowState, server_default=WorkflowState.NEW.value, info=passport(N_("State of work"), audience=COORD)
    )
    report_count: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Reports"), audience=COORD))
    photo_count: Mapped[int] = mapped_column(Integer, server_default="0", info=passport(N_("Photos"), audience=COORD))
    first_received_at: Mapped[datetime | None] = mapped_column(info=passport(N_("First received"), audience=COORD))
    evidence_received_at: Mapped[datetime | None] = mapped_column(
        info=passport(N_("Evidence of its values received"), audience=INTERNAL)
    )
    prior_incident_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Struck before"), audience=COORD)
    )
    merged_into: Mapped[UUID | None] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Merged into"), audience=COORD)
    )
    embargo_until: Mapped[datetime | None] = mapped_column(
        info=passport(N_("Held back from the public until"), audience=COORD)
    )
    killed_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken out of the public"), audience=COORD))
    witness_count: Mapped[int] = mapped_column(
        Integer, server_default="0", info=passport(N_("Independent witnesses"), audience=COORD)
    )
    disputed: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Witnesses disagree about"), audience=COORD)
    )
    fixed_fields: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Set by a person"), audience=INTERNAL)
    )
    version: Mapped[int] = mapped_column(Integer, server_default="1", info=passport(N_("Version"), audience=COORD))
    opened_at: Mapped[stamped] = mapped_column(info=passport(N_("Opened"), audience=COORD))
    changed_at: Mapped[stamped] = mapped_column(info=passport(N_("Changed"), audience=COORD))
    queue: Mapped[int | None] = mapped_column(
        SmallInteger, Computed(QUEUE, persisted=True), info=passport(N_("Waits in the queue of"), audience=INTERNAL)
    )
    on_map: Mapped[bool] = mapped_column(
        Boolean, Computed(ON_MAP, persisted=True), info=passport(N_("On the map"), audience=INTERNAL)
    )


class Attachment(Base):
    """A report laid on an incident: with what score, why, by whom; ended, never deleted. One present attachment per report."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_present", "report_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("ix_attachments_incident", "incident_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_attachments_ended_at", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), info=passport(N_("Report"), audience=COORD))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), info=passport(N_("Damage record"), audience=COORD)
    )
    score: Mapped[float | None] = mapped_column(Float, info=passport(N_("Score"), audience=COORD))
    reasons: Mapped[list[Any]] = mapped_column(
        JSONB, server_default=text("'[]'"), info=passport(N_("Reasons"), audience=COORD)
    )
    weights_version: Mapped[str] = mapped_column(
        String(32), server_default="", info=passport(N_("Version of the weights"), audience=INTERNAL)
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    begun_at: Mapped[stamped] = mapped_column(info=passport(N_("Since"), audience=COORD))
    ended_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Until"), audience=COORD))


class IncidentChange(Base):
    """One act on incidents (merge, split, attach, detach, edit …) with what is needed to undo it exactly."""

    __tablename__ = "incident_changes"
    __table_args__ = (
        Index("ix_incident_changes_batch_id", "batch_id", postgresql_where=text("batch_id IS NOT NULL")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    incident_id: Mapped[UUID] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Damage record"), audience=COORD)
    )
    other_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("incidents.id"), index=True, info=passport(N_("Other damage record"), audience=COORD)
    )
    kind: Mapped[str] = mapped_column(String(32), info=passport(N_("Act"), audience=COORD))
    before: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Before"), audience=INTERNAL)
    )
    after: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("After"), audience=INTERNAL)
    )
    reason: Mapped[str] = mapped_column(String(500), server_default="", info=passport(N_("Reason"), audience=COORD))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=COORD))
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Undone"), audience=COORD))
    undone_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Undone by"), audience=COORD)
    )
    batch_id: Mapped[UUID | None] = mapped_column(info=passport(N_("Done together with"), audience=COORD))
