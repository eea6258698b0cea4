"""The second factor: codes of an authenticator app, each good once, and recovery codes. Flask-Security does the work.

It has no guard against a code that is used twice (RFC 6238 §5.2 asks for one): ``OnceOnly`` remembers the last step of each person.
"""

import base64
import hashlib
from typing import Any

from flask_security.totp import Totp
from passlib.exc import UsedTokenError  # type: ignore[import-untyped]
from sqlalchemy import update

from server.accounts.models import Person
from server.core.database import session
from server.core.settings import Settings

ISSUER = "Tessera"
RECOVERY_CODES = 8


class OnceOnly(Totp):
    """Codes that work once: the step of the last one is kept with the person."""

    def get_last_counter(self, user: Any) -> int | None:
        """The step of the last code that was taken, or None."""
        return user.tf_last_counter

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Keep the step of a code that was taken; of two requests that bring one code at one moment, the second is refused."""
        is_new = Person.tf_last_counter.is_(None) | (Person.tf_last_counter < tmatch.counter)
        kept = update(Person).where(Person.id == user.id, is_new).values(tf_last_counter=tmatch.counter).returning(Person.id)
        if session.scalar(kept.execution_options(synchronize_session=False)) is None:
            raise UsedTokenError


def settings_of_second_factor(chosen: Settings) -> dict[str, Any]:
    """Flask-Security's settings for it. Secrets and recovery codes lie in the table under keys made from SECRET_KEY."""
    return {
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": True,
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TWO_FACTOR_SETUP_URL": "/account/second-factor",
        "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/sign-in/code",
        "SECURITY_TWO_FACTOR_RESCUE_URL": "/sign-in/help",
        "SECURITY_TWO_FACTOR_SELECT_URL": "/sign-in/way",
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/account",
        "SECURITY_TOTP_SECRETS": {"1": _derived(chosen, "totp").hex()},
        "SECURITY_TOTP_ISSUER": ISSUER,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [base64.urlsafe_b64encode(_derived(chosen, "recovery"))],
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/account/recovery-codes",
        "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/sign-in/recovery",
    }


def _derived(chosen: Settings, purpose: str) -> bytes:
    return hashlib.sha256(f"{purpose}:{chosen.secret_key}".encode()).digest()
