"""Proofs of work that were used: each counts once."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import passport
from server.core.database import Base
from server.vocabulary import Audience


class UsedProof(Base):
    """The hash of a challenge that was solved and used; forgotten when the challenge would have expired anyway."""

    __tablename__ = "used_proofs"
    __table_args__ = (Index("ix_used_proofs_expires_at", "expires_at"),)
    challenge_hash: Mapped[bytes] = mapped_column(
        LargeBinary(32), primary_key=True, info=passport(N_("Hash of the challenge"), audience=Audience.INTERNAL)
    )
    expires_at: Mapped[datetime] = mapped_column(info=passport(N_("Forgotten after"), audience=Audience.INTERNAL))
