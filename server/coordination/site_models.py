"""What was learnt of a known place beside its damage: repairs, and how well it works."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, FunctionalStatus

COORD = Audience.COORD


class SiteNote(Base):
    """On a day somebody saw a known place: how well it works, and whether it was repaired, to what grade."""

    __tablename__ = "site_notes"
    __table_args__ = (
        CheckConstraint("damage_left BETWEEN 0 AND 4", name="grade_known"),
        CheckConstraint("is_repair OR functional_status IS NOT NULL", name="says_something"),
    )
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    site_id: Mapped[UUID] = mapped_column(
        ForeignKey("sites.id"), index=True, info=passport(N_("Known place"), audience=COORD)
    )
    seen_on: Mapped[date] = mapped_column(Date, info=passport(N_("Day"), audience=COORD))
    is_repair: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), info=passport(N_("Repaired"), audience=COORD)
    )
    damage_left: Mapped[int | None] = mapped_column(
        SmallInteger, info=passport(N_("Damage left after the repair"), audience=COORD)
    )
    functional_status: Mapped[FunctionalStatus | None] = coded(
        FunctionalStatus, info=passport(N_("Does it still work?"), audience=COORD)
    )
    words: Mapped[str] = mapped_column(String(500), server_default="", info=passport(N_("Note"), audience=COORD))
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Organisation"), audience=COORD)
    )
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=COORD))
    at: Mapped[stamped] = mapped_column(info=passport(N_("Entered"), audience=COORD))
    undone_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=COORD))
