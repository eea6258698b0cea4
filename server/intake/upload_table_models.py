"""Tables on their way in through the desk: sealed, for as long as somebody maps their columns and looks what would come of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

import server.accounts.models  # noqa: F401 - rows here point to people, whose table must be known
from server.core.choices import N_
from server.core.columns import passport, stamped, uuid_pk
from server.core.database import Base
from server.vocabulary import Audience

INTERNAL = Audience.INTERNAL


class TableUpload(Base):
    """One table that is looked at before it is brought in. Gone when that is done, or after a day."""

    __tablename__ = "table_uploads"
    __table_args__ = {"schema": "vault"}
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    at: Mapped[stamped] = mapped_column(info=passport(N_("When"), audience=INTERNAL))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), info=passport(N_("By"), audience=INTERNAL))
    source: Mapped[str] = mapped_column(String(64), info=passport(N_("Source"), audience=INTERNAL))
    chosen: Mapped[dict[str, Any]] = mapped_column(
        JSONB, server_default=text("'{}'"), info=passport(N_("Columns"), audience=INTERNAL)
    )
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary, info=passport(N_("Wrapped key"), audience=INTERNAL))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=passport(N_("Sealed table"), audience=INTERNAL))
