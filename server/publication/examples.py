"""How to open the data, as `/data` shows it. The tests run each of them as it stands, with only the address put in."""

from dataclasses import dataclass

from server.core.choices import N_


@dataclass(frozen=True)
class Example:
    """One way in: its name, what it needs (a message id), the language of the code, and the code with ``{address}`` in it."""

    name: str
    needs: str
    code: str


EXAMPLES = (
    Example(
        "pandas",
        N_("Python with pandas. Codes stay text, dates become dates."),
        """\
import pandas as pd

rows = pd.read_csv("{address}/api/v1/public/incidents.csv", parse_dates=["date_start", "date_end"])
sure = rows[rows.certainty == "CONFIRMED"]
print(sure.groupby(["adm1_name", "site_group"], dropna=False).size())
""",
    ),
    Example(
        "DuckDB",
        N_("DuckDB reads the columns it needs and no more."),
        """\
SELECT site_group, damage_best, count(*) AS n
FROM read_parquet('{address}/api/v1/public/incidents.parquet')
GROUP BY ALL ORDER BY 1, 2;
""",
    ),
    Example(
        "R",
        N_("R as it is, without any package."),
        """\
rows <- read.csv("{address}/api/v1/public/incidents.csv", fileEncoding = "UTF-8-BOM", na.strings = "")
print(table(rows$site_group, rows$damage_best, useNA = "ifany"))
""",
    ),
    Example(
        "GDAL",
        N_("GDAL's tools, as QGIS uses them. The layer is read page by page."),
        """\
ogrinfo -so OAPIF:{address}/ogc incidents
ogr2ogr damage.gpkg OAPIF:{address}/ogc incidents
""",
    ),
)
