"""The jobs of telling people; ``server/worker.py`` says which event and which hour leads to which."""

from uuid import UUID

from server.coordination import alerts, digests, papers, webhooks
from server.core.database import settled
from server.core.jobs import job


@job("coordination.tell_of_record")
def tell_of_record(subject: str) -> None:
    """A damage record is new or changed: who asked for that is told."""
    with settled():
        alerts.weigh(UUID(subject))


@job("coordination.tell_of_need")
def tell_of_need(subject: str) -> None:
    """A need was opened."""
    with settled():
        alerts.weigh_need(UUID(subject))


@job("coordination.tell_of_referral")
def tell_of_referral(subject: str) -> None:
    """Something was referred to an organisation."""
    with settled():
        alerts.weigh_referral(UUID(subject))


@job("coordination.tell_of_answer")
def tell_of_answer(subject: str) -> None:
    """A reporter answered or said more."""
    with settled():
        alerts.weigh_answer(UUID(subject))


@job("coordination.send_webhook")
def send_webhook(subject: str) -> None:
    """An envelope was put on its way."""
    webhooks.send(UUID(subject))


@job("coordination.send_webhooks")
def send_webhooks() -> None:
    """What could not be delivered is tried again, ever more slowly."""
    webhooks.send_due()


@job("coordination.send_digests")
def send_digests() -> None:
    """Write to those who want their alerts by e-mail."""
    digests.send_due()


@job("coordination.print_situation")
def print_situation(subject: str) -> None:
    """Make a situation report that somebody asked for."""
    papers.make(UUID(subject))


@job("coordination.sweep_papers")
def sweep_papers() -> None:
    """Papers are kept for a day."""
    with settled():
        papers.sweep()
