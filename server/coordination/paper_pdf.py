"""HTML to PDF by WeasyPrint, which is given everything and fetches nothing."""

import logging
from typing import Any

from weasyprint import CSS, HTML  # type: ignore[import-untyped]
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

logging.getLogger("weasyprint").setLevel(logging.ERROR)
logging.getLogger("fontTools").setLevel(logging.ERROR)


class NothingIsFetched(URLFetcher):  # type: ignore[misc]
    """Refuses every address: a paper is made of what it was given."""

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Refuse."""
        del headers
        raise FatalURLFetchingError(f"A paper fetches nothing, and asked for {url[:60]}.")


def printed(page: str, *, style: str) -> bytes:
    """A page as PDF, in a style."""
    fetcher = NothingIsFetched()
    return bytes(HTML(string=page, url_fetcher=fetcher).write_pdf(stylesheets=[CSS(string=style, url_fetcher=fetcher)]))
