"""docs/reference/events.md: what is written to the ledger, and what work follows from it or from the clock.

The events are found in the source, by reading the calls that record them: a name that is written nowhere is no event. What
each means is said here, because the ledger holds no words.
"""

import ast
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from server.documents.markdown import code, codes, page, sentence, table
from server.worker import REACTIONS, TIMETABLE, load_jobs

SERVER = Path(__file__).resolve().parents[1]
RECORDERS = {"record": 0, "record_many": 0, "record_with": 1, "record_batch": 1}
WORDS = """\
An event is a row of the ledger (who, what, to what, when; ids, codes and hashes only, never words of a person) and, in the
same transaction, a row of the outbox. The worker takes events from the outbox and does what `server/worker.py` says
follows. Jobs may be run twice without harm; one that fails is tried again, ever more slowly.
"""
MEANINGS = {
    "bulk.begun": "A person set a change of many damage records going.",
    "bulk.finished": "A change of many damage records is done, or was stopped.",
    "bulk.undo_begun": "A person set the taking back of a change of many damage records going.",
    "bulk.undone": "A change of many damage records was taken back.",
    "complaint.answered": "A complaint was answered; whoever holds its code can read it.",
    "complaint.received": "Somebody complained; the words lie sealed.",
    "complaint.taken_up": "A complaint was read by whoever answers it.",
    "complaint.words_expired": "The words of complaints older than a year were destroyed.",
    "incident.assigned": "A damage record was given to a person to see to.",
    "incident.edited": "A person set a fact of a damage record: its type, its event, its needs.",
    "incident.unassigned": "A damage record waits for anybody again.",
    "note.left": "Somebody of the desk left a note on a damage record.",
    "note.mentioned": "A note names people of the desk, who are told.",
    "note.taken_back": "Whoever wrote a note took it back; its words are gone.",
    "queue.handed_over": "A queue of damage records was given from one person to another.",
    "activity.added": "An organisation said what it does, where, when and for whom.",
    "activity.changed": "What is known of an activity was set anew.",
    "assignment.accepted": "An organisation took a damage record on: its people see the exact place until it ends.",
    "assignment.declined": "An organisation declined a damage record that was given to it.",
    "assignment.ended": "The desk ended an assignment: the exact place is closed again.",
    "assignment.expired": "The time of an assignment ran out: the exact place is closed again.",
    "assignment.handed_back": "An organisation gave a damage record back: the exact place is closed again.",
    "assignment.offered": "A damage record was given to an organisation; it opens nothing until they accept.",
    "event.added": "An attack or disaster was named.",
    "event.changed": "What is known of an attack or disaster was set anew.",
    "export.made": "A file left the house, for an audience that was chosen first.",
    "incident.placed": "A person said at which known place a damage record is.",
    "incident.grouped": "A damage record was put with an attack or disaster, or taken out of it.",
    "need.changed": "A person set what is known of a need.",
    "need.claimed": "An organisation took a need on.",
    "need.closed": "A person closed a need, with a reason.",
    "need.delivered": "An organisation brought something for a need.",
    "need.delivery_undone": "Something entered as brought was taken back.",
    "need.followed": "A need that only reports speak of followed the reports.",
    "need.opened": "A need was opened at a damage record.",
    "need.released": "An organisation gave a need back.",
    "need.reopened": "The closing of a need was taken back.",
    "point.viewed": "Somebody saw the exact place of a damage record by an accepted assignment.",
    "site.added": "A person made a known place of where a damage record lies.",
    "site.note_undone": "A note about a known place was taken back.",
    "site.noted": "Somebody noted how well a known place works, or that it was repaired.",
    "referral.answered": "An organisation accepted or declined a need that was offered to it.",
    "referral.expired": "A need was offered, and the time for an answer ran out.",
    "referral.offered": "A need was offered to another organisation.",
    "referral.reminded": "Little time is left to answer for a need that was offered.",
    "referral.withdrawn": "An offer of a need was taken back before it was answered.",
    "area.held": "Nothing new of an area is published for some hours.",
    "area.let_go": "Two people agreed to let an area go before its time.",
    "agreement.ended": "Somebody ended what was proposed or agreed, before its time.",
    "agreement.made": "A second person agreed: what was proposed holds from now on.",
    "agreement.proposed": "Somebody proposed what needs two people: an approval, signatures, a change of the rules, a putting back.",
    "batch.refreshed": "The hourly batch of areas in a disaster changed public rows.",
    "baseline.loaded": "A dated list of places that exist was loaded; records are hidden among those.",
    "erasure.proved": "What was to be erased was counted again: how many went, and how many are left.",
    "response.opened": "The first administrator made an account with the code from the server.",
    "response.went_live": "The response was declared live: from now on it is no exercise.",
    "response.key_confirmed": "Somebody confirmed who holds a key, with its fingerprint.",
    "response.key_holder_left": "Somebody does not hold a key any more.",
    "response.closing_proposed": "Somebody proposed to close the response; a second person must agree.",
    "response.closing_ended": "The proposal to close the response was taken back.",
    "response.closed": "Two people closed the response: it takes no reports from this moment.",
    "response.exported": "Everything was exported in open formats and sealed; the entry holds its hash.",
    "response.shredded": "What must not outlive the response was destroyed, and counted.",
    "boundaries.given": "Somebody gave a file of administrative areas to be loaded.",
    "boundaries.stopped": "Loading a file of administrative areas was stopped; nothing of it went in.",
    "boundaries.loaded": "A file of administrative areas was loaded.",
    "response.fact_said": "Somebody said or changed a fact of the response: its name, area, numbers, rules or stage.",
    "ledger.taken_along": "Somebody downloaded acts of the ledger as a table.",
    "person.invited": "Somebody was invited to make an account.",
    "person.limits_changed": "The areas or sectors in which somebody decides were changed.",
    "person.reopened": "Somebody whose account was closed may sign in again.",
    "person.roles_changed": "Somebody got other roles.",
    "person.second_factor_reset": "A lost second factor was set back by an administrator.",
    "person.uninvited": "An invitation was taken back before it was used.",
    "person.erased": "All that was kept about somebody with an account was erased.",
    "view.saved": "A saved view of the desk was made or changed.",
    "view.ended": "A saved view was deleted, and its news feeds with it.",
    "feed.key_added": "Somebody made a personal key to the news feed of a saved view.",
    "feed.key_revoked": "A key to a news feed was taken back.",
    "alert.added": "Somebody asked to be told of something, for themselves or for their organisation.",
    "alert.ended": "An alert was deleted.",
    "webhook.added": "An organisation's program is to be told at an address outside.",
    "webhook.ended": "A webhook was deleted; what waited for it is not sent.",
    "webhook.secret_turned": "A webhook got another secret.",
    "webhook.queued": "An envelope for a webhook was frozen and put on its way, or put on its way once more.",
    "situation.asked": "Somebody asked for a situation report to be printed for an audience.",
    "situation.cancelled": "A situation report under way was stopped by who asked for it.",
    "situation.printed": "A situation report was printed: for whom, in which language and form, and of what time its figures are.",
    "warning.ended": "A warning about a danger to life was ended before its time.",
    "warning.issued": "An authority warned the public of a danger to life.",
    "batch.published": "The public copy was brought in line with what the rules allow now.",
    "campaign.found": "Reports that look made after one pattern became one batch for one decision.",
    "campaign.reopened": "A decision about a batch of look-alike reports was taken back.",
    "campaign.settled": "A person decided that a batch of look-alike reports is made up, or genuine.",
    "certainty.followed": "The house itself changed how sure it is, because the evidence changed.",
    "change.undone": "A merge, split, attachment or other act on damage records was taken back.",
    "decision.made": "A person's decision about certainty came into force.",
    "decision.proposed": "A person decided, and a second person must agree before it counts.",
    "decision.undone": "A decision was taken back; the certainty of before counts again.",
    "imagery.taken_in": "A large file of satellite assessments was taken in, to be read by the worker; the entry holds its hash.",
    "imagery.keep_begun": "Somebody let a large file of satellite assessments count; the worker writes its rows.",
    "imagery.tried": "A file of satellite assessments was read and shown, nothing more.",
    "imagery.imported": "A file of satellite assessments was brought in; the entry holds its hash.",
    "imagery.undone": "A file of satellite assessments was taken back, or thrown away before it counted.",
    "imagery.paired": "A person said which damage record a satellite mark speaks of, or that it speaks of none.",
    "imagery.feedback_exported": "What the ground says of a satellite product was taken out as a file; the entry holds its hash.",
    "import.finished": "A table was imported: its good rows are reports now.",
    "import.undone": "All reports of an import were taken back.",
    "incident.changed": "What is known of a damage record changed; the rooms further on look at it again.",
    "incident.joined": "A person laid a report on a damage record.",
    "incident.kept_apart": "A person ruled that two things are not one.",
    "incident.linked": "Two damage records are strikes on one place, one after the other.",
    "incident.merged": "Two damage records became one; the number of the other leads to it.",
    "incident.moved": "The work on a damage record went to another state.",
    "incident.opened": "A damage record was opened for a report that fits none.",
    "incident.set_aside": "A person held reports for made up: they lie on no damage record any more.",
    "incident.split": "Some reports of a damage record became a record of their own.",
    "key.added": "An organisation got a key for its programs.",
    "key.revoked": "A key was taken back.",
    "media.cleaned": "A photo was drawn anew without metadata and can be shown.",
    "media.evidence_kept": "An original was kept, sealed, as evidence; the entry holds its hash.",
    "media.evidence_shredded": "An original kept for two years was destroyed; its hash stays here.",
    "media.mended": "A damaged photo was put back from a backup, and is whole again.",
    "media.damaged": "A photo in our keeping is no longer the bytes that were put there.",
    "media.erased": "The photos of a report that was taken back were erased.",
    "media.received": "An announced photo arrived whole.",
    "media.redacted": "Parts of a photo, or of a copy of it, were painted over; the print of before was sealed.",
    "media.unredacted": "A photo was uncovered again.",
    "contact.viewed": "Somebody who may saw how a reporter can be reached.",
    "report.viewed_uncovered": "Somebody looked at words of a report that are covered for others.",
    "media.viewed_uncovered": "Somebody looked at a photo as it was before parts were painted over.",
    "report.redacted": "A part of a report's words was covered.",
    "report.unredacted": "A part of a report's words was uncovered again.",
    "report.masked": "The words of a report were kept with what tells of the military covered; the rest of the seal was destroyed.",
    "item.added": "Something found in an open source was laid on a damage record.",
    "item.removed": "Something found in an open source was taken off a damage record.",
    "chip.added": "A piece of an image was laid on a damage record; the entry holds its hash.",
    "chip.removed": "A piece of an image was taken off a damage record.",
    "custody.exported": "The chain of who held what was taken out as a file; the entry holds its hash.",
    "correction.noted": "Something public was wrong; the next batch changes it or takes it out.",
    "media.refused": "A photo could not be used; its report is kept.",
    "organisation.naming_agreed": "Somebody of an organisation agreed that it may be named in the public 5W.",
    "organisation.naming_ended": "Somebody of an organisation took back that it may be named in the public 5W.",
    "pair.proposed": "Somebody answered a doubtful pair for one organisation; the other, or a coordinator, must agree.",
    "person.added": "Somebody may sign in.",
    "person.closed": "An account ended.",
    "partner.exported": "A partner took a table of the records in their areas.",
    "publication.put_back": "Two people agreed that the rules may judge a record again.",
    "publication.withdrawn": "The kill switch took records out of the public copy.",
    "release.approved": "A person signed a dated data set.",
    "release.built": "The files of a dated data set were written and tested.",
    "release.discarded": "A dated data set was thrown away before it was published.",
    "release.prepared": "The public copy was frozen as a dated data set to be.",
    "release.published": "A dated data set became public.",
    "release.withdrawn": "A dated data set was withdrawn: by a person, or for a row that was taken out; then it is made again without it.",
    "report.amended": "The reporter added to a report.",
    "report.answered": "The reporter answered a question of the desk.",
    "report.asked": "The desk put a question to the reporter, to be answered from memory.",
    "report.assessed": "A verifier graded source and content of a report.",
    "report.attached": "Matching laid a report on a damage record by itself.",
    "report.conflicted": "Another body came under the number of a known report and was kept aside.",
    "report.detached": "A report was taken off its damage record.",
    "report.freed": "A person read words that were held back and found them harmless.",
    "report.handled": "The handling of a report, which its receipt shows, went on.",
    "report.received": "A report came in for the first time.",
    "reporting_key.destroyed": "The private half of an old key for sealed reports was destroyed.",
    "reporting_key.made": "A new key for sealed reports came into use.",
    "report.restored": "A report counts again, because what had replaced it was taken back.",
    "report.withdrawn": "A report was taken back or replaced; its words are erased.",
    "report.words_expired": "The words of reports older than a year were erased; the codes stay.",
    "incident.blurred": "The exact place of a sensitive record was made coarse, three years after it was closed.",
    "report.words_purged": "Words held back for what they say of the military were erased after a day.",
    "report.contact_erased": "The contact of a report was erased after ninety days.",
}


@cache
def events() -> dict[str, list[str]]:
    """Every event as ``{name: [files that record it]}``."""
    found: dict[str, list[str]] = {}
    for path in sorted(SERVER.rglob("*.py")):
        where = path.relative_to(SERVER).as_posix()
        for name in sorted(set(_recorded(path))):
            found.setdefault(name, []).append(where)
    return dict(sorted(found.items()))


def events_page() -> str:
    """The page as Markdown."""
    jobs = load_jobs()
    told = [
        page("Events and jobs", "`server/worker.py` and every call that records an event", WORDS),
        "## Events\n",
        table(("Event", "What happened", "Recorded in", "What follows"), (_event(name, places) for name, places in events().items())),
        "## Jobs\n",
        table(("Job", "What it does", "After", "At (cron, UTC)"), (_job(name, work) for name, work in sorted(jobs.items()))),  # type: ignore[arg-type]
    ]
    return "\n".join(told)


def _event(name: str, places: list[str]) -> tuple[str, ...]:
    return (code(name), MEANINGS.get(name, ""), codes(places), codes(REACTIONS.get(name, ())))


def _job(name: str, work: Callable[..., None]) -> tuple[str, ...]:
    after = [event for event, names in REACTIONS.items() if name in names]
    at = [cron for cron, wanted in TIMETABLE.items() if wanted == name]
    return (code(name), sentence(inspect.getdoc(work)), codes(after), codes(at))


def _recorded(path: Path) -> Iterator[str]:
    """Each event a file records."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(call, ast.Call):
            yield from _names(call, path)


def _names(call: ast.Call, path: Path) -> list[str]:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = RECORDERS.get(called, len(call.args))
    if len(call.args) <= place:
        return []
    named = call.args[place]
    if isinstance(named, ast.Constant):
        return [str(named.value)]
    return _from_table(named, path) if isinstance(named, ast.JoinedStr) else []


def _from_table(named: ast.JoinedStr, path: Path) -> list[str]:
    """``f"incident.{_PAST[kind]}"``: one name for each value of the table."""
    begin, looked_up = named.values
    if not (isinstance(begin, ast.Constant) and isinstance(looked_up, ast.FormattedValue)):
        raise TypeError(f"{path}: an event's name is a word, or a word and a value of a table")
    if not (isinstance(looked_up.value, ast.Subscript) and isinstance(looked_up.value.value, ast.Name)):
        raise TypeError(f"{path}: an event's name is a word, or a word and a value of a table")
    module = import_module(".".join(["server", *path.relative_to(SERVER).with_suffix("").parts]))
    return [f"{begin.value!s}{word}" for word in getattr(module, looked_up.value.value.id).values()]
