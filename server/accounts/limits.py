"""Areas and sectors as limits: everybody who works here reads all records, but decides only where they work."""

from typing import Protocol

from server.accounts.policy import Actor, acts_in
from server.core.problems import Problem


class Placed(Protocol):
    """Something with administrative areas; None where one is not known."""

    @property
    def adm1_pcode(self) -> str | None: ...  # noqa: D102
    @property
    def adm2_pcode(self) -> str | None: ...  # noqa: D102
    @property
    def adm3_pcode(self) -> str | None: ...  # noqa: D102


def check_area(actor: Actor, *placed: Placed) -> None:
    """Problem ``outside_your_area`` unless the actor works where each of these lies."""
    for one in placed:
        if not acts_in(actor, (one.adm1_pcode, one.adm2_pcode, one.adm3_pcode)):
            raise Problem("outside_your_area")
