"""Reading ahead: what is slow to come is fetched beside what is made of it."""

from collections.abc import Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Final, TypeVar

T = TypeVar("T")

_LONG_ENOUGH_S: Final = 0.2


class _Over:
    """Nothing follows; or what went wrong."""

    def __init__(self, wrong: BaseException | None = None) -> None:
        self.wrong = wrong


def ahead(given: Iterator[T], *, by: int = 1) -> Iterator[T]:
    """The same things, the next ``by`` of them fetched by a thread of its own; it has ended when this has.

    Until then nobody else may use what they are fetched from. What goes wrong there is raised here.
    """
    ready: Queue[T | _Over] = Queue(maxsize=by)
    enough = Event()
    fetching = Thread(target=_fetch, args=(given, ready, enough), daemon=True)
    fetching.start()
    try:
        while not isinstance(item := ready.get(), _Over):
            yield item
        if item.wrong:
            raise item.wrong
    finally:
        enough.set()
        fetching.join()


def _fetch(given: Iterator[T], ready: "Queue[T | _Over]", enough: Event) -> None:
    over = _Over()
    try:
        for item in given:
            if not _handed(item, ready, enough):
                break
    except BaseException as wrong:  # noqa: BLE001 - raised again where the things are taken
        over = _Over(wrong)
    finally:
        getattr(given, "close", lambda: None)()
        _handed(over, ready, enough)


def _handed(item: "T | _Over", ready: "Queue[T | _Over]", enough: Event) -> bool:
    """Hand over what was fetched, waiting for room; False when nobody wants it any more."""
    while not enough.is_set():
        try:
            ready.put(item, timeout=_LONG_ENOUGH_S)
        except Full:
            continue
        return True
    return False
