"""Proof of work, asked of phones while the public lane is busy: a short calculation, bound to one report, good once.

The puzzle is altcha's (SHA-256, first version), made and checked here, with nobody else's service. It expires after ten
minutes. What was solved tells nothing of who solved it.
"""

import hashlib
import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from altcha import v1 as altcha
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from server.core.clock import now
from server.core.database import session
from server.intake.proof_models import UsedProof
from server.reports.vault import derived_key

GOOD_FOR = timedelta(minutes=10)
LONGEST = 2_000


def challenge(report_id: UUID, *, hardest: int) -> dict[str, Any]:
    """A puzzle for the sender of this report: count from 0 to at most ``hardest`` until the hash fits."""
    wanted = altcha.ChallengeOptions(
        hmac_key=derived_key("proof"), max_number=hardest, expires=now() + GOOD_FOR, params={"report": str(report_id)}
    )
    made = altcha.create_challenge(wanted)
    return {
        "algorithm": made.algorithm, "challenge": made.challenge, "maxnumber": hardest, "salt": made.salt, "signature": made.signature,
    }  # fmt: skip


def is_solved(word: str, report_id: UUID) -> bool:
    """Whether ``word`` (base64 of JSON) solves a puzzle of ours for this report, in time. Asks no database."""
    said = _read(word)
    if said is None or not altcha.verify_solution(word, derived_key("proof"))[0]:
        return False
    told = parse_qs(said["salt"].partition("?")[2])
    return told.get("report") == [str(report_id)] and len(told.get("expires", ())) == 1


def use(word: str) -> bool:
    """Use a proof that is solved; False when it was used before, by whichever process. Undone with the work of the request."""
    said = _read(word) or {}
    expires_at = datetime.fromtimestamp(int(parse_qs(said["salt"].partition("?")[2])["expires"][0]), UTC)
    mark = hashlib.sha256(said["challenge"].encode()).digest()
    noted = insert(UsedProof).values(challenge_hash=mark, expires_at=expires_at).on_conflict_do_nothing()
    return session.execute(noted.returning(UsedProof.challenge_hash)).one_or_none() is not None


def forget_expired() -> None:
    """Forget used proofs whose puzzle has expired: it would not be taken again anyway."""
    session.execute(delete(UsedProof).where(UsedProof.expires_at < now()))


def _read(word: str) -> dict[str, Any] | None:
    """The members of a proof, each of the kind it must be, or None."""
    if not word or len(word) > LONGEST:
        return None
    try:
        said = json.loads(b64decode(word, validate=True))
    except (ValueError, RecursionError):
        return None
    words = ("algorithm", "challenge", "salt", "signature")
    is_shape = isinstance(said, dict) and all(isinstance(said.get(name), str) for name in words)
    return said if is_shape and type(said.get("number")) is int and said["algorithm"] == "SHA-256" else None
