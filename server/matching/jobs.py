"""The jobs of this room; ``server/worker.py`` says which event leads to which."""

from uuid import UUID

from server.core.database import settled
from server.core.jobs import job
from server.matching import campaigns, questions, retention, service, setting_aside


@job("matching.match_report")
def match_report(subject: str) -> None:
    """Lay a received report on a damage record, or open one."""
    with settled():
        service.match_report(UUID(subject))


@job("matching.restore_report")
def restore_report(subject: str) -> None:
    """Lay a report that counts again where it lay."""
    with settled():
        service.restore_report(UUID(subject))


@job("matching.let_go_report")
def let_go_report(subject: str) -> None:
    """Take a withdrawn report off its damage record."""
    with settled():
        service.let_go_report(UUID(subject))


@job("matching.reconsider_report")
def reconsider_report(subject: str) -> None:
    """Look again at the report a photo belongs to, now that the photo is cleaned."""
    with settled():
        service.reconsider_report(service.report_of_photo(UUID(subject)))


@job("matching.weigh_questions")
def weigh_questions(subject: str) -> None:
    """A record changed: what hangs on the open questions about it changed too."""
    with settled():
        questions.weigh(UUID(subject))


@job("matching.watch_report")
def watch_report(subject: str) -> None:
    """Note how a report is made (its own number, or that of its photo), and put it with its look-alikes."""
    with settled():
        report_id = service.report_of_photo(UUID(subject))
        campaigns.watch(report_id)
        service.recount(report_id)


@job("matching.carry_out_campaign")
def carry_out_campaign(subject: str) -> None:
    """Do to all reports of a campaign what a person decided, in small steps."""
    setting_aside.carry_out(UUID(subject))


@job("matching.keep_no_longer")
def keep_no_longer() -> None:
    """Erase contacts of closed records, photos nobody used, and the exact places of what was closed three years ago."""
    retention.keep_no_longer()
