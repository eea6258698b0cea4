"""What the view from above and the accounts from the ground say of each other. Pure.

A satellite sees roofs. It cannot lower what somebody saw on the ground, says nothing of insides or of whether a place works,
and where it marked nothing it said nothing: only a class that says "no visible damage" says so (standards §1.3, §3.1).
"""

from dataclasses import dataclass

from server.core.choices import N_, Choice

SEEN_FROM_ABOVE = 3  # from this grade on, damage shows on a roof


class Agreement(Choice):
    """How a satellite assessment and the reports from the ground go together."""

    BOTH = "BOTH", N_("Confirmed by both")
    ONLY_GROUND = "ONLY_GROUND", N_("Only from the ground")
    ONLY_SATELLITE = "ONLY_SATELLITE", N_("Only from above")
    CONTRADICTION = "CONTRADICTION", N_("They contradict each other")
    DOUBTFUL = "DOUBTFUL", N_("From above only: possible")


@dataclass(frozen=True)
class Grades:
    """Damage as an interval of grades 0–4; None where nothing is said."""

    least: int | None
    most: int | None
    best: int | None


def compare(above: Grades, ground: Grades) -> Agreement:
    """What one satellite row and one damage record it speaks of say of each other."""
    if above.best is None or above.least is None or above.most is None:
        return Agreement.DOUBTFUL
    if ground.least is None or ground.most is None:
        return Agreement.BOTH if above.least > 0 else Agreement.ONLY_GROUND
    if above.most < ground.least:
        # Less from above than from the ground: a contradiction only where a roof would have shown it.
        return Agreement.CONTRADICTION if ground.least >= SEEN_FROM_ABOVE else Agreement.ONLY_GROUND
    if ground.most < above.least:
        return Agreement.CONTRADICTION
    return Agreement.BOTH if above.best > 0 else Agreement.ONLY_GROUND
