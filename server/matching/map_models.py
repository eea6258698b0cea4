"""The counts behind the map: cells at several levels, and the log of changes not yet folded into them."""

from sqlalchemy import BigInteger, Column, Integer, SmallInteger, Table
from sqlalchemy.orm import Mapped, mapped_column

from server.core.choices import N_
from server.core.columns import passport
from server.core.database import Base
from server.vocabulary import Audience

INTERNAL = Audience.INTERNAL


class CellCounts:
    """The columns of a map cell: how many incidents of each grade lie in one Z-order cell at one level."""

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, info=passport(N_("Level"), audience=INTERNAL))
    cell: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, info=passport(N_("Cell"), audience=INTERNAL)
    )
    n: Mapped[int] = mapped_column(Integer, info=passport(N_("Records"), audience=INTERNAL))
    d0: Mapped[int] = mapped_column(Integer, info=passport(N_("Of grade D0"), audience=INTERNAL))
    d1: Mapped[int] = mapped_column(Integer, info=passport(N_("Of grade D1"), audience=INTERNAL))
    d2: Mapped[int] = mapped_column(Integer, info=passport(N_("Of grade D2"), audience=INTERNAL))
    d3: Mapped[int] = mapped_column(Integer, info=passport(N_("Of grade D3"), audience=INTERNAL))
    d4: Mapped[int] = mapped_column(Integer, info=passport(N_("Of grade D4"), audience=INTERNAL))
    du: Mapped[int] = mapped_column(Integer, info=passport(N_("Of unknown grade"), audience=INTERNAL))


class MapCell(CellCounts, Base):
    """Counts of the desk's map at levels 5–17, true together with the changes not yet folded in."""

    __tablename__ = "map_cells"


# One incident more (+1) or less (-1) in a cell, written by triggers and folded into ``map_cells`` by the worker. A bare log
# without key or index: it is written at every insert and only ever read whole or swept.
map_changes = Table(
    "map_changes",
    Base.metadata,
    Column("cell_key", BigInteger, nullable=False, info=passport(N_("Map cell"), audience=INTERNAL)),
    Column("step", SmallInteger, nullable=False, info=passport(N_("More or less"), audience=INTERNAL)),
    Column("grade", SmallInteger, nullable=False, info=passport(N_("Grade, 5 for unknown"), audience=INTERNAL)),
)
