"""The whole life of a dated data set, at size: the batch over everything, the current files, a release written, tested, signed and
taken back. Each step is a process of its own, as the worker does it, whose largest memory is read from the kernel.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any

from tests.bench import ground
from tests.bench.exports import WithoutPandas

NAME = f"tessera_bench_release_{ground.ROWS}"
CHILD = ("-X", "utf8", "-c", "import sys; from tests.bench.releases import do; do(sys.argv[1])")
MEMORY_MB = 350
GOALS = {
    "batch": "goal 300 s",
    "files": f"goal {MEMORY_MB} MB",
    "build": f"goal {MEMORY_MB} MB",
    "take_down": "goal 60 s",
}


def run() -> None:
    """Measure and print; the database is made anew and dropped, because every step changes it."""
    print(
        f"A dated data set of {ground.ROWS:,} damage records: seconds; processor seconds of ours; largest memory in MB"
    )
    found: dict[str, float] = {}
    _make()
    try:
        for name in STEPS:
            told = _apart(name)
            if name != "fill":
                figures = f"{told['seconds']:.0f}; {told['cpu']:.0f}; {told['memory_mb']:.0f}"
                ground.line(f"{name.replace('_', ' ')}: {told['said']}", figures, GOALS.get(name, ""))
                found.update({f"{name}_seconds": told["seconds"], f"{name}_memory_mb": told["memory_mb"]})
        ground.keep("releases", found)
    finally:
        if not os.environ.get("KEEP"):
            _drop()


def do(name: str) -> None:
    """One step, in this process, settled; prints what it cost, as JSON."""
    os.environ.update(_environment())
    sys.meta_path.insert(0, WithoutPandas())
    from server.app import create_app
    from server.worker import REACTIONS  # noqa: F401 - a worker has read everything before

    with create_app().app_context():
        began = perf_counter()
        said = STEPS[name]()
        seconds = perf_counter() - began
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu, memory = sum(one.ru_utime + one.ru_stime for one in spent), max(one.ru_maxrss for one in spent) / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory_mb": memory, "said": said}))


def _fill() -> str:
    from sqlalchemy import text

    from server.core.clock import now
    from server.core.database import session, settled
    from server.publication.service import take_time
    from tests.bench import due

    with settled():
        take_time()
        session.execute(text("ALTER TABLE incidents DISABLE TRIGGER USER"))  # the counts of the desk's map
        due.fill(session, now(), records=ground.ROWS)
        session.execute(text("ALTER TABLE incidents ENABLE TRIGGER USER"))
    return ""


def _batch() -> str:
    from server.core.clock import now
    from server.core.database import settled
    from server.publication.service import publish_batch
    from tests.publication.town import AGREED

    with settled():
        batch = publish_batch(now(), agreed=AGREED)
        return f"{batch.new:,} rows shown of {ground.ROWS:,} judged"


def _next_batch() -> str:
    from sqlalchemy import text

    from server.core.clock import now
    from server.core.database import session, settled
    from server.publication.service import publish_batch, take_time
    from tests.publication.town import AGREED

    with settled():
        take_time()
        session.execute(text("UPDATE incidents SET damage_best = 1 WHERE right(public_id, 2) = '07'"))
        batch = publish_batch(now(), agreed=AGREED)
        return f"{batch.updated:,} rows changed by one record in a hundred"


def _files() -> str:
    from server.publication import current
    from server.publication.formats import FORMATS

    current.build_current_files("")
    return f"{len(FORMATS)} files of the current copy"


def _prepare() -> str:
    from server.accounts.policy import SYSTEM
    from server.core.database import settled
    from server.publication import releases

    with settled():
        return f"{releases.prepare(SYSTEM).rows_total:,} rows frozen"


def _build() -> str:
    from server.publication import release_jobs

    draft = _under_way()
    release_jobs.build_release(str(draft.id))
    made = _under_way()
    stopped = [name for name, found in made.found.items() if found]
    return f"{len(made.files)} files, tests: {', '.join(stopped) or 'all passed'}"


def _publish() -> str:
    from server.core.database import session, settled
    from server.publication import releases
    from server.publication.service import take_time

    with settled():
        session.execute(releases.ONE_WRITER)
        take_time()
        return f"{releases.publish(_under_way()).rows_total:,} rows signed"


def _take_down() -> str:
    from sqlalchemy import text

    from server.accounts.policy import SYSTEM
    from server.core.database import session, settled
    from server.publication import takedown

    with settled():
        code = session.scalar(text("SELECT incident_id FROM pub.incidents LIMIT 1"))
        return (
            f"{takedown.withdraw_from_public(SYSTEM, kind='public_row', code=code)} row, and the release that held it"
        )


def _remake() -> str:
    from sqlalchemy import select

    from server.core.database import session
    from server.publication import release_jobs
    from server.publication.release_models import BUILDING, ReleaseDraft

    draft = session.scalar(select(ReleaseDraft.id).where(ReleaseDraft.state == BUILDING))
    session.remove()
    release_jobs.remake_release(str(draft))
    made = session.get(ReleaseDraft, draft)
    return f"{made.number if made else None}: {made.state.lower() if made else 'lost'}"


STEPS: dict[str, Callable[[], str]] = {
    "fill": _fill, "batch": _batch, "files": _files, "prepare": _prepare, "build": _build, "publish": _publish,
    "next_batch": _next_batch, "take_down": _take_down, "remake": _remake,
}  # fmt: skip


def _under_way() -> Any:
    from server.publication import releases

    draft = releases.under_way()
    if draft is None:
        raise SystemExit("no release is under way")
    return draft


def _environment() -> dict[str, str]:
    return {
        **ground.environment(),
        **{name: url.replace(f"/{ground.NAME}?", f"/{NAME}?") for name, url in ground.cluster().items()},
    }


def _make() -> None:
    _drop()
    with ground.connect("tessera") as admin:
        admin.execute(f'CREATE DATABASE "{NAME}" TEMPLATE template_tessera')
    upgrade = "from alembic import command; from alembic.config import Config; command.upgrade(Config(toml_file='pyproject.toml'), 'head')"
    subprocess.run([sys.executable, "-c", upgrade], cwd=ground.ROOT, env=_environment(), check=True)


def _drop() -> None:
    with ground.connect("tessera") as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{NAME}" WITH (FORCE)')


def _apart(name: str) -> dict[str, Any]:
    env = {**_environment(), "MALLOC_ARENA_MAX": "2"}
    said = subprocess.run(
        [sys.executable, *CHILD, name], cwd=ground.ROOT, env=env, stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(json.loads(said.stdout.splitlines()[-1]))
