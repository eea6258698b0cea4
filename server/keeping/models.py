"""What was done to keep the house, and how it went: the desk's status page and the alarms read it."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import coded, passport, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience, UpkeepKind

INTERNAL = Audience.INTERNAL


class Upkeep(Base):
    """One work of keeping. A row is written when the work has ended, well or not."""

    __tablename__ = "upkeep"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    kind: Mapped[UpkeepKind] = coded(UpkeepKind, info=passport(N_("Work"), audience=INTERNAL))
    began_at: Mapped[datetime] = mapped_column(info=passport(N_("Began"), audience=INTERNAL))
    ended_at: Mapped[datetime] = mapped_column(index=True, info=passport(N_("Ended"), audience=INTERNAL))
    went_well: Mapped[bool] = mapped_column(info=passport(N_("Went well"), audience=INTERNAL))
    figures: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Figures"), audience=INTERNAL)
    )


class Alarm(Base):
    """What was last told of a check, so that nobody is told twice."""

    __tablename__ = "alarms"
    code: Mapped[str] = mapped_column(String(32), primary_key=True, info=passport(N_("Check"), audience=INTERNAL))
    state: Mapped[str] = mapped_column(String(8), info=passport(N_("State"), audience=INTERNAL))
    since: Mapped[datetime] = mapped_column(info=passport(N_("Since"), audience=INTERNAL))
