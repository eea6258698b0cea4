"""How exactly the kind of a place may be named beside its area: by its type, by its group, or not at all. Pure.

Who knows the rules, and which places exist, reads a blank as well: the period and the area tell the class, and a kind that is
left out is one of the rare ones. So what must number k are the places that would be told in the very same words. In a cell
of the grid rare kinds that are too few among themselves are unsafe, and a larger area is needed; in a district or a region,
where there is hardly a larger one, the next common kind is told no more exactly than they are.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from enum import Enum
from functools import lru_cache

from server.vocabulary import SensitivityClass, SiteGroup, SiteType


class Naming(Enum):
    """How a kind may be named. UNSAFE: not even leaving it out hides it in this area."""

    TYPE = "TYPE"
    GROUP = "GROUP"
    LEFT_OUT = "LEFT_OUT"
    UNSAFE = "UNSAFE"


Numbers = Mapping[SiteType, int]
OF_CLASS = {kind: tuple(site for site in SiteType if site.sensitivity is kind) for kind in SensitivityClass}
_POSITION = {site: at for sites in OF_CLASS.values() for at, site in enumerate(sites)}
ONE_SECTOR = frozenset(
    group for group in SiteGroup if len({site.sector for site in SiteType if site.group is group}) == 1
)
_BLANK: Mapping[Naming, frozenset[str]] = {
    Naming.TYPE: frozenset(),
    Naming.GROUP: frozenset({"site_type"}),
    Naming.LEFT_OUT: frozenset({"site_type", "site_group", "sector"}),
    Naming.UNSAFE: frozenset({"site_type", "site_group", "sector"}),
}


def named(site: SiteType, numbers: tuple[int, ...], *, k: int, in_cell: bool) -> Naming:
    """How a kind may be named; `numbers` says how many places of each type of its class exist in what is shown."""
    return _named(site.sensitivity, numbers, k, in_cell)[_POSITION[site]]


def of_class(counts: Mapping[tuple[str, str], int], kind: SensitivityClass, area: str) -> tuple[int, ...]:
    """How many places of each type of a class exist in an area, in the order of the types."""
    return tuple(counts.get((site.value, area), 0) for site in OF_CLASS[kind])


def left_out(site: SiteType, naming: Naming) -> frozenset[str]:
    """The columns that stay blank. A sector beside a group would tell the type where the group has several."""
    blank = _BLANK[naming]
    return blank | {"sector"} if naming is Naming.GROUP and site.group not in ONE_SECTOR else blank


@lru_cache(maxsize=50_000)
def _named(sensitivity: SensitivityClass, counts: tuple[int, ...], k: int, in_cell: bool) -> tuple[Naming, ...]:  # noqa: FBT001 - a key
    """The naming of each type of a class, in their order; many records share an area."""
    numbers = dict(zip(OF_CLASS[sensitivity], counts, strict=True))
    rare = {group: _rare(members, k, in_cell=in_cell) for group, members in _groups(numbers).items()}
    few = {group for group, kinds in rare.items() if _sum(kinds, numbers) < k}
    whole = frozenset() if in_cell else _drafted({group for group in few if _sum(rare[group], numbers)}, numbers, k)
    hidden = {kind for kind in numbers if kind.group in whole or (kind.group in few and kind in rare[kind.group])}
    last = Naming.UNSAFE if in_cell and _sum(hidden, numbers) < k else Naming.LEFT_OUT
    return tuple(
        last if kind in hidden else Naming.GROUP if kind in rare[kind.group] else Naming.TYPE for kind in numbers
    )


def _groups(numbers: Numbers) -> dict[SiteGroup, dict[SiteType, int]]:
    found: dict[SiteGroup, dict[SiteType, int]] = defaultdict(dict)
    for kind, n in numbers.items():
        found[kind.group][kind] = n
    return found


def _rare(members: Numbers, k: int, *, in_cell: bool) -> frozenset[SiteType]:
    """The types of one group that are told by their group at most; outside the grid with as many others as they need to hide."""
    rare = {kind for kind, n in members.items() if n < k}
    others = [] if in_cell else sorted(members.keys() - rare, key=lambda kind: (members[kind], kind.value))
    while others and 0 < _sum(rare, members) < k:
        rare.add(others.pop(0))
    return frozenset(rare)


def _drafted(nameless: Collection[SiteGroup], numbers: Numbers, k: int) -> frozenset[SiteGroup]:
    """The groups of which no type is named: those of rare types alone, and the next smallest until k places are alike."""
    groups = _groups(numbers)
    totals = {group: sum(members.values()) for group, members in groups.items()}
    found = set(nameless)
    others = sorted(groups.keys() - found, key=lambda group: (totals[group], group.value))
    while others and 0 < sum(totals[group] for group in found) < k:
        found.add(others.pop(0))
    return frozenset(found)


def _sum(kinds: Collection[SiteType], numbers: Numbers) -> int:
    return sum(numbers[kind] for kind in kinds)
