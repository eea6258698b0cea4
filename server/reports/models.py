"""A report: one person's account of damage, immutable once received. Words and contacts lie in the vault, each under its own key.

The order of the columns is the order of the form. What the sender may fill in is listed in ``reports/schemas.py``.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from geoalchemy2 import WKBElement
from sqlalchemy import Boolean, CheckConstraint, Float, ForeignKey, Index, Integer, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, coded_list, listed, passport, point, stamped, uuid_pk
from server.core.database import Base
from server.reports.imports import Import
from server.vocabulary import (
    AccessConstraint,
    Audience,
    Channel,
    CitizenCause,
    DamageGrade,
    EventPrecision,
    FunctionalStatus,
    HandlingState,
    Hazard,
    HintAnswer,
    InUseAs,
    NeedType,
    PinMethod,
    SiteType,
    SourceType,
    WitnessProximity,
)

COORD, INTERNAL = Audience.COORD, Audience.INTERNAL
TEXT_LIMIT = 2000
MEDIA_LIMIT = 8


class Report(Base):
    """One person's account of damage, as given. Times are UTC; the event is an interval; the point is WGS 84, lon before lat."""

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint(
            "event_earliest IS NULL OR event_latest IS NULL OR event_earliest <= event_latest", name="event_in_order"
        ),
        CheckConstraint("pin_accuracy_m IS NULL OR pin_accuracy_m >= 0", name="accuracy_positive"),
        listed("hazards", Hazard),
        listed("needs", NeedType),
        listed("access_constraints", AccessConstraint),
        Index("ix_reports_received_at", "received_at"),
        Index("ix_reports_organisation_id", "organisation_id", postgresql_where=text("organisation_id IS NOT NULL")),
        Index("ix_reports_import_id", "import_id", postgresql_where=text("import_id IS NOT NULL")),
        Index("ix_reports_receipt_hash", "receipt_hash", postgresql_where=text("receipt_hash IS NOT NULL")),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Report number"), audience=COORD, hxl="#meta+id"))
    site_type: Mapped[SiteType | None] = coded(
        SiteType,
        info=passport(
            N_("What is damaged?"),
            hint=N_("Choose the closest."),
            audience=COORD,
            hxl="#loc+type+code",
            widget="pictograms",
            group="what",
        ),
    )
    in_use_as: Mapped[InUseAs | None] = coded(
        InUseAs,
        info=passport(
            N_("Was it used for something else at the time?"),
            hint=N_("For example a school where displaced people lived."),
            audience=COORD,
            widget="select",
            group="what",
        ),
    )
    damage: Mapped[DamageGrade | None] = coded(
        DamageGrade,
        info=passport(
            N_("How badly is it damaged?"),
            hint=N_("Choose the worst part you saw."),
            audience=COORD,
            hxl="#severity+damage+code",
            widget="pictograms",
            group="what",
        ),
    )
    damage_min: Mapped[int | None] = mapped_column(
        info=passport(N_("Damage at least (0–4)"), audience=COORD, hxl="#severity+damage+code+num+min")
    )
    damage_max: Mapped[int | None] = mapped_column(
        info=passport(N_("Damage at most (0–4)"), audience=COORD, hxl="#severity+damage+code+num+max")
    )
    source_scale: Mapped[str | None] = mapped_column(
        String(32), info=passport(N_("Scale of the source"), audience=COORD, hxl="#meta+scale+damage")
    )
    source_grade: Mapped[str | None] = mapped_column(
        String(64), info=passport(N_("Grade in that scale"), audience=COORD)
    )
    point: Mapped[WKBElement | None] = point(
        spatial_index=False,  # row-level security would never use it: PostGIS's operators are not leakproof
        info=passport(
            N_("Where is it?"),
            hint=N_("Longitude and latitude."),
            audience=COORD,
            hxl="#geo",
            widget="place",
            group="where",
        )
    )
    pin_method: Mapped[PinMethod | None] = coded(
        PinMethod, info=passport(N_("How the place was given"), audience=COORD, group="where")
    )
    pin_accuracy_m: Mapped[float | None] = mapped_column(
        Float,
        info=passport(
            N_("How exact is the place, in metres?"),
            audience=COORD,
            hxl="#geo+precision",
            widget="accuracy",
            group="where",
        ),
    )
    event_earliest: Mapped[datetime | None] = mapped_column(
        info=passport(N_("Not before"), audience=COORD, hxl="#date+occurred+start", widget="moment", group="when")
    )
    event_latest: Mapped[datetime | None] = mapped_column(
        info=passport(N_("Not after"), audience=COORD, hxl="#date+occurred+end", widget="moment", group="when")
    )
    event_precision: Mapped[EventPrecision] = coded(
        EventPrecision,
        server_default=EventPrecision.UNK.value,
        info=passport(N_("When did it happen?"), audience=COORD, hxl="#date+precision", widget="radios", group="when"),
    )
    cause: Mapped[CitizenCause | None] = coded(
        CitizenCause,
        info=passport(N_("What caused it?"), audience=COORD, hxl="#cause+code", widget="radios", group="what"),
    )
    functional_status: Mapped[FunctionalStatus | None] = coded(
        FunctionalStatus,
        info=passport(
            N_("Does it still work?"), audience=COORD, hxl="#status+functional", widget="radios", group="now"
        ),
    )
    needs: Mapped[list[str]] = coded_list(
        NeedType,
        info=passport(
            N_("What is needed?"),
            hint=N_("Choose all that apply."),
            audience=COORD,
            hxl="#need+code",
            widget="checkboxes",
            group="now",
        ),
    )
    hazards: Mapped[list[str]] = coded_list(
        Hazard,
        info=passport(
            N_("Is there danger at the place?"),
            hint=N_("Choose all that apply."),
            audience=COORD,
            hxl="#hazard+code",
            widget="checkboxes",
            group="now",
        ),
    )
    access_constraints: Mapped[list[str]] = coded_list(
        AccessConstraint,
        info=passport(
            N_("Can people get there?"), audience=COORD, hxl="#access+status", widget="checkboxes", group="now"
        ),
    )
    people_trapped: Mapped[bool | None] = mapped_column(
        Boolean, info=passport(N_("Are people trapped?"), audience=COORD, widget="yes_no", group="now")
    )
    casualties: Mapped[dict[str, Any]] = mapped_column(
        JSONB,
        server_default=text("'{}'"),
        info=passport(N_("People killed, hurt or missing, as ranges"), audience=INTERNAL),
    )
    witness_proximity: Mapped[WitnessProximity | None] = coded(
        WitnessProximity, info=passport(N_("How do you know?"), audience=COORD, widget="radios", group="you")
    )
    source_type: Mapped[SourceType] = coded(
        SourceType,
        server_default=SourceType.SELF_WITNESS.value,
        info=passport(N_("Kind of source"), audience=COORD, hxl="#meta+source+type", group="you"),
    )
    same_damage_as: Mapped[str | None] = mapped_column(
        String(16),
        info=passport(
            N_("Same damage as"), hint=N_("The public number of a damage record."), audience=COORD, group="what"
        ),
    )
    hint_seen: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("Saw what is known nearby before sending"), audience=COORD)
    )
    answer_kind: Mapped[HintAnswer | None] = coded(
        HintAnswer, info=passport(N_("Answer to what is known nearby"), audience=COORD)
    )
    answer_about: Mapped[str | None] = mapped_column(
        String(16), info=passport(N_("Damage record the answer speaks of"), audience=COORD)
    )
    is_minor: Mapped[bool] = mapped_column(
        Boolean,
        server_default=text("false"),
        info=passport(N_("The person who reports is under 18"), audience=INTERNAL, widget="yes_no", group="you"),
    )
    consents: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Agreed to"), audience=INTERNAL, group="you")
    )
    lang: Mapped[str] = mapped_column(
        String(8), server_default="en", info=passport(N_("Language"), audience=COORD, hxl="#meta+lang")
    )
    channel: Mapped[Channel] = coded(Channel, info=passport(N_("How it came in"), audience=COORD))
    form_version: Mapped[str] = mapped_column(
        String(32), server_default="", info=passport(N_("Version of the form"), audience=INTERNAL)
    )
    received_at: Mapped[stamped] = mapped_column(info=passport(N_("Received"), audience=COORD, hxl="#date+received"))
    payload_sha256: Mapped[bytes] = mapped_column(
        LargeBinary(32), info=passport(N_("Hash of what was sent"), audience=INTERNAL)
    )
    receipt_hash: Mapped[bytes | None] = mapped_column(
        LargeBinary(32), info=passport(N_("Keyed hash of the receipt code"), audience=INTERNAL)
    )
    handling: Mapped[HandlingState] = coded(
        HandlingState, server_default=HandlingState.RECEIVED.value, info=passport(N_("Handling"), audience=COORD)
    )
    flags: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Flags"), audience=COORD)
    )
    quarantine: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Held back because"), audience=COORD)
    )
    media_expected: Mapped[int] = mapped_column(
        Integer, server_default="0", info=passport(N_("Photos announced"), audience=COORD)
    )
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Organisation"), audience=COORD)
    )
    person_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Entered by"), audience=INTERNAL)
    )
    import_id: Mapped[UUID | None] = mapped_column(
        ForeignKey(Import.__table__.c.id), info=passport(N_("Import"), audience=COORD)
    )
    withdrawn_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=COORD))
    superseded_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("reports.id"), info=passport(N_("Replaced by"), audience=COORD)
    )


class ReportSecret(Base):
    """What only the one door opens: words, place in words, contact and unread members, sealed under a key of this report alone.

    ``wrapped_key`` is that key under the installation's key. Destroying the row's key erases the words and breaks no seal.
    """

    __tablename__ = "report_secrets"
    __table_args__ = {"schema": "vault"}
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True, info=passport(N_("Report"), audience=INTERNAL)
    )
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary, info=passport(N_("Wrapped key"), audience=INTERNAL))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=passport(N_("Sealed words"), audience=INTERNAL))


class CopyAside(Base):
    """Another body that came under the number of a report: refused with 409, kept aside, never lost."""

    __tablename__ = "copies_aside"
    __table_args__ = {"schema": "vault"}
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), index=True, info=passport(N_("Report"), audience=INTERNAL)
    )
    received_at: Mapped[stamped] = mapped_column(info=passport(N_("Received"), audience=INTERNAL))
    payload_sha256: Mapped[bytes] = mapped_column(
        LargeBinary(32), info=passport(N_("Hash of what was sent"), audience=INTERNAL)
    )
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary, info=passport(N_("Wrapped key"), audience=INTERNAL))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=passport(N_("Sealed body"), audience=INTERNAL))


class Amendment(Base):
    """What the reporter added later through the receipt. The report itself stays as it was."""

    __tablename__ = "amendments"
    __table_args__ = {"schema": "vault"}
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    report_id: Mapped[UUID] = mapped_column(
        ForeignKey("reports.id", ondelete="CASCADE"), index=True, info=passport(N_("Report"), audience=INTERNAL)
    )
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=INTERNAL))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=passport(N_("Sealed words"), audience=INTERNAL))
