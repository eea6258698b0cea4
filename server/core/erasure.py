"""Proof that what was to be erased is erased: counted before and after, kept without any content, told in the ledger."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from server.core import ledger
from server.core.choices import N_
from server.core.clock import now
from server.core.columns import passport, uuid_pk
from server.core.database import Base, session
from server.vocabulary import Audience

INTERNAL = Audience.INTERNAL


class ErasureProof(Base):
    """That something was erased on time: what, up to when, how many, and that none is left."""

    __tablename__ = "erasure_proofs"
    __table_args__ = (Index("ix_erasure_proofs_kind", "kind", "made_at"),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    kind: Mapped[str] = mapped_column(String(32), info=passport(N_("What was erased"), audience=INTERNAL))
    subject_id: Mapped[UUID | None] = mapped_column(info=passport(N_("Of whom"), audience=INTERNAL))
    cutoff: Mapped[datetime | None] = mapped_column(info=passport(N_("Older than"), audience=INTERNAL))
    erased: Mapped[int] = mapped_column(Integer, info=passport(N_("Erased"), audience=INTERNAL))
    left: Mapped[int] = mapped_column(Integer, info=passport(N_("Left"), audience=INTERNAL))
    made_at: Mapped[datetime] = mapped_column(info=passport(N_("Proved"), audience=INTERNAL))


def prove(
    kind: str, *, erased: int, left: Callable[[], int], cutoff: datetime | None = None, subject: UUID | None = None
) -> ErasureProof:
    """Count anew what is `left` of a kind after `erased` things went, and keep both numbers as a proof."""
    proof = ErasureProof(
        id=uuid4(), kind=kind, subject_id=subject, cutoff=cutoff, erased=erased, left=left(), made_at=now()
    )
    session.add(proof)
    ledger.record("erasure.proved", proof.id, kind=kind, erased=erased, left=proof.left)
    return proof
