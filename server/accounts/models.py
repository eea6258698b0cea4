"""People who sign in, their organisations, their sessions and their keys. No address of a machine is ever stored."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, LargeBinary, String, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.core.choices import N_
from server.core.columns import coded, coded_list, listed, passport, stamped, uuid_pk
from server.core.database import Base
from server.core.response import this_response
from server.vocabulary import Audience, OrganisationType, Role, Sector

INTERNAL, COORD = Audience.INTERNAL, Audience.COORD

person_roles = Table(
    "person_roles",
    Base.metadata,
    Column(
        "person_id",
        Uuid,
        ForeignKey("people.id", ondelete="CASCADE"),
        primary_key=True,
        info=passport(N_("Person"), audience=INTERNAL),
    ),
    Column(
        "role_id",
        Uuid,
        ForeignKey("roles.id", ondelete="CASCADE"),
        primary_key=True,
        info=passport(N_("Role"), audience=INTERNAL),
    ),
)


class Organisation(Base):
    """An organisation that works in the response."""

    __tablename__ = "organisations"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))
    name: Mapped[str] = mapped_column(
        String(200), unique=True, info=passport(N_("Name"), audience=COORD, hxl="#org+name")
    )
    acronym: Mapped[str] = mapped_column(
        String(32), server_default="", info=passport(N_("Acronym"), audience=COORD, hxl="#org+acronym")
    )
    kind: Mapped[OrganisationType] = coded(OrganisationType, info=passport(N_("Kind"), audience=COORD, hxl="#org+type"))
    created_at: Mapped[stamped] = mapped_column(info=passport(N_("Added"), audience=INTERNAL))


class PersonRole(Base, RoleMixin):
    """A role by its code in ``vocabulary.Role``; Flask-Security wants it as a row."""

    __tablename__ = "roles"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))  # type: ignore[assignment]
    name: Mapped[str] = mapped_column(String(32), unique=True, info=passport(N_("Role"), audience=INTERNAL))


class Person(Base, UserMixin):
    """Somebody who signs in. Others see the alias, never the address. Columns follow Flask-Security, less its tracking."""

    __tablename__ = "people"
    __table_args__ = (listed("sectors", Sector),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=COORD))  # type: ignore[assignment]
    email: Mapped[str] = mapped_column(String(255), unique=True, info=passport(N_("E-mail address"), audience=INTERNAL))
    password: Mapped[str | None] = mapped_column(String(255), info=passport(N_("Password"), audience=INTERNAL))
    active: Mapped[bool] = mapped_column(Boolean, info=passport(N_("May sign in"), audience=INTERNAL))
    fs_uniquifier: Mapped[str] = mapped_column(
        String(64), unique=True, default=lambda: uuid4().hex, info=passport(N_("Session family"), audience=INTERNAL)
    )
    alias: Mapped[str] = mapped_column(String(64), info=passport(N_("Name shown to others"), audience=COORD))
    language: Mapped[str] = mapped_column(
        String(8), server_default="en", info=passport(N_("Language"), audience=INTERNAL)
    )
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), index=True, info=passport(N_("Organisation"), audience=COORD)
    )
    tf_primary_method: Mapped[str | None] = mapped_column(
        String(64), info=passport(N_("Second factor"), audience=INTERNAL)
    )
    tf_totp_secret: Mapped[str | None] = mapped_column(
        String(255), info=passport(N_("Second factor secret"), audience=INTERNAL)
    )
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(  # a code that was used is taken out of the list in place
        MutableList.as_mutable(JSONB), info=passport(N_("Recovery codes"), audience=INTERNAL)
    )
    tf_last_counter: Mapped[int | None] = mapped_column(
        BigInteger, info=passport(N_("Last code used"), audience=INTERNAL)
    )
    areas: Mapped[list[str]] = mapped_column(
        ARRAY(String(32)), server_default=text("'{}'"), info=passport(N_("Areas, empty for all"), audience=COORD)
    )
    sectors: Mapped[list[str]] = coded_list(Sector, info=passport(N_("Sectors, empty for all"), audience=COORD))
    created_on: Mapped[date] = mapped_column(
        Date, server_default=text("CURRENT_DATE"), info=passport(N_("Added"), audience=INTERNAL)
    )

    roles: Mapped[list[PersonRole]] = relationship(  # type: ignore[assignment]
        secondary=person_roles, lazy="selectin"
    )
    organisation: Mapped[Organisation | None] = relationship(lazy="selectin")

    def check_tf_required(self, tf_setup_methods: list[Any], tf_fresh: bool) -> tuple[bool, list[Any]]:  # noqa: FBT001 - Flask-Security's own signature
        """Whether signing in takes a code too: for who has set one up, and for everybody once the response is or was live."""
        return bool(tf_setup_methods) or self.check_tf_required_setup(), tf_setup_methods

    def check_tf_required_setup(self) -> bool:
        """Whether nobody is in without a second factor, and it may not be switched off."""
        response = this_response()
        return response.is_live or (response.is_closed and not response.exercise)


class SignIn(Base):
    """One server-side session. The cookie holds a random key; only its hash is here, and deleting the row signs out at once."""

    __tablename__ = "sign_ins"
    key_hash: Mapped[bytes] = mapped_column(
        LargeBinary(32), primary_key=True, info=passport(N_("Hash of the key"), audience=INTERNAL)
    )
    person_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id", ondelete="CASCADE"), index=True, info=passport(N_("Person"), audience=INTERNAL)
    )
    contents: Mapped[dict[str, Any]] = mapped_column(JSONB, info=passport(N_("Contents"), audience=INTERNAL))
    begun_at: Mapped[stamped] = mapped_column(info=passport(N_("Begun"), audience=INTERNAL))
    used_at: Mapped[stamped] = mapped_column(index=True, info=passport(N_("Last used"), audience=INTERNAL))


class Invitation(Base):
    """A link that makes an account once. Only the hash of its code is kept."""

    __tablename__ = "invitations"
    __table_args__ = (listed("roles", Role),)
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    code_hash: Mapped[bytes] = mapped_column(
        LargeBinary(32), unique=True, info=passport(N_("Hash of the code"), audience=INTERNAL)
    )
    email: Mapped[str] = mapped_column(String(255), info=passport(N_("E-mail address"), audience=INTERNAL))
    alias: Mapped[str] = mapped_column(String(64), info=passport(N_("Name shown to others"), audience=INTERNAL))
    roles: Mapped[list[str]] = coded_list(Role, info=passport(N_("Roles"), audience=INTERNAL))
    organisation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("organisations.id"), info=passport(N_("Organisation"), audience=INTERNAL)
    )
    invited_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Invited by"), audience=INTERNAL)
    )
    invited_at: Mapped[stamped] = mapped_column(info=passport(N_("Invited"), audience=INTERNAL))
    expires_at: Mapped[datetime] = mapped_column(info=passport(N_("Ends"), audience=INTERNAL))
    used_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Used"), audience=INTERNAL))
    revoked_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=INTERNAL))


class ApiKey(Base):
    """A key with which an organisation's program sends reports. Only a hash is kept; the prefix finds it."""

    __tablename__ = "api_keys"
    id: Mapped[uuid_pk] = mapped_column(info=passport(N_("Number"), audience=INTERNAL))
    organisation_id: Mapped[UUID] = mapped_column(
        ForeignKey("organisations.id"), index=True, info=passport(N_("Organisation"), audience=INTERNAL)
    )
    name: Mapped[str] = mapped_column(Text, info=passport(N_("Name"), audience=INTERNAL))
    prefix: Mapped[str] = mapped_column(
        String(16), unique=True, info=passport(N_("First characters"), audience=INTERNAL)
    )
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32), info=passport(N_("Hash of the key"), audience=INTERNAL))
    created_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), info=passport(N_("Made by"), audience=INTERNAL)
    )
    created_at: Mapped[stamped] = mapped_column(info=passport(N_("Made"), audience=INTERNAL))
    expires_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Ends"), audience=INTERNAL))
    revoked_at: Mapped[datetime | None] = mapped_column(info=passport(N_("Taken back"), audience=INTERNAL))
