"""Letters by e-mail, through the mail server the operator named. Whoever writes one asks first whether anything may leave."""

import smtplib
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from server.core.settings import settings

PATIENCE_S = 20


def can_send() -> bool:
    """Whether the operator said how letters go."""
    return bool(settings().mail_url and settings().mail_from)


def send(to: str, subject: str, body: str) -> None:
    """Send a plain letter through MAIL_URL (``smtp://user:password@host:587`` with STARTTLS, or ``smtps://``).

    OSError or SMTPException when it could not be handed over; ValueError for a line break in the address or the subject.
    """
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = subject, settings().mail_from, to
    letter.set_content(body)
    parts = urlsplit(settings().mail_url)
    host, port = parts.hostname or "localhost", parts.port or (465 if parts.scheme == "smtps" else 25)
    with (smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP)(host, port, timeout=PATIENCE_S) as post:
        if parts.scheme == "smtp" and post.has_extn("starttls"):
            post.starttls()
        if parts.username:
            post.login(unquote(parts.username), unquote(parts.password or ""))
        post.send_message(letter)
