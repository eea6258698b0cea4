"""What administrative areas are called on the pages of the desk: in the reader's language, and in the other script."""

from collections.abc import Collection

from sqlalchemy import func, select

from server.core.database import session
from server.core.i18n import language
from server.places.models import AdminArea
from server.places.naming import in_two_scripts


def spoken_names(*, codes: Collection[str] | None = None, levels: Collection[int] | None = None) -> dict[str, str]:
    """The name of each area by its P-code, "Aleppo (حلب)", of its newest version, in the order of the alphabet.

    ``codes`` and ``levels`` (1 region, 2 district, 3 municipality) narrow what is read. For people, not for files that programs read.
    """
    query = select(AdminArea.pcode, AdminArea.name, AdminArea.names).order_by(
        AdminArea.level, func.lower(AdminArea.name), AdminArea.valid_on.nulls_first(), AdminArea.cod_version
    )
    if codes is not None:
        query = query.where(AdminArea.pcode.in_(codes))
    if levels is not None:
        query = query.where(AdminArea.level.in_(levels))
    spoken = language()
    return {row.pcode: in_two_scripts(row.name, row.names or {}, spoken) for row in session.execute(query)}
