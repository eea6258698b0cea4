"""What others do, on the same files and scored the same way: a radius, ST-DBSCAN, and Splink (Fellegi-Sunter, EM, connected components).

    .venv/bin/python -m tests.bench.baselines radius|dbscan|splink LEARN.csv HELD.csv OUT.csv

Radius and ST-DBSCAN take the best of a grid on LEARN, as a careful user would; Splink learns without labels on HELD and takes its
threshold from LEARN. Splink is in requirements-bench.txt.
"""

import sys
from itertools import product

import numpy as np
import pandas as pd

from server.matching.clustering import groups
from server.matching.thresholds import agreement

METRES = (10, 25, 50, 100, 250)
DAYS = (0.5, 1, 3, 7, 14)
REACH_M, REACH_DAYS = 400.0, 14.0
CHANCES = (0.5, 0.8, 0.9, 0.95, 0.99, 0.999)
METRES_PER_DEGREE = 111_195.0


class Reports:
    """A labelled file as arrays, with the pairs within ``metres`` and ``days``."""

    def __init__(self, path: str) -> None:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        self.frame = frame
        self.truth = np.unique(frame["cluster_id"], return_inverse=True)[1]
        self.gold = (frame["label"] == "gold").to_numpy() if "label" in frame else np.ones(len(frame), bool)
        at = pd.to_datetime(frame["reported_at"], utc=True, format="ISO8601")
        self.at = (at - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
        self.lat, self.lon = frame["lat"].astype(float).to_numpy(), frame["lon"].astype(float).to_numpy()

    def near(self, metres: float, days: float) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers of the pairs that lie so near."""
        from scipy.spatial import cKDTree

        flat = np.stack([self.lat, self.lon * np.cos(np.radians(self.lat.mean()))], axis=1) * METRES_PER_DEGREE / metres
        pairs = cKDTree(flat).query_pairs(1.0, output_type="ndarray")
        soon = np.abs(self.at[pairs[:, 0]] - self.at[pairs[:, 1]]) <= days * 86_400
        return pairs[soon, 0], pairs[soon, 1]

    def f1(self, guess: np.ndarray) -> float:
        """How a clustering agrees with the trusted labels."""
        return agreement(self.truth[self.gold], guess[self.gold])["f1"]


def radius(reports: Reports, metres: float, days: float) -> np.ndarray:
    """Whatever is near in place and time is one, and so is what is near to that."""
    return groups(len(reports.at), *reports.near(metres, days))


def dbscan(reports: Reports, metres: float, days: float, *, crowd: int = 3) -> np.ndarray:
    """ST-DBSCAN (Birant & Kut 2007) without its third epsilon: only reports with ``crowd`` near ones, themselves included, chain."""
    left, right = reports.near(metres, days)
    count = len(reports.at)
    core = np.bincount(left, minlength=count) + np.bincount(right, minlength=count) + 1 >= crowd
    both = core[left] & core[right]
    label = groups(count, left[both], right[both])
    for one, other in ((left, right), (right, left)):
        border = ~core[one] & core[other]
        label[one[border]] = label[other[border]]
    return label


def tuned(method, learn: Reports, held: Reports) -> np.ndarray:
    """The method with what did best on LEARN."""
    best = max(product(METRES, DAYS), key=lambda one: learn.f1(method(learn, *one)))
    print(f"best on what was learnt from: {best[0]} m, {best[1]} days")
    return method(held, *best)


def splink(learn: Reports, held: Reports) -> np.ndarray:
    """Splink 4 on DuckDB: distance, time, category and text levels, one EM run without labels, connected components."""
    scored = _splink_pairs(learn)
    best = max(CHANCES, key=lambda one: learn.f1(_components(learn, scored, one)))
    print(f"best on what was learnt from: probability over {best}")
    return _components(held, _splink_pairs(held), best)


def _components(reports: Reports, scored: pd.DataFrame, chance: float) -> np.ndarray:
    sure = scored[scored["match_probability"] >= chance]
    return groups(len(reports.at), sure["row_l"].to_numpy(np.int64), sure["row_r"].to_numpy(np.int64))


def _splink_pairs(reports: Reports) -> pd.DataFrame:
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator

    frame = pd.DataFrame({
        "unique_id": np.arange(len(reports.at)), "row": np.arange(len(reports.at)), "lat": reports.lat, "lon": reports.lon, "moment": reports.at,
        "category": reports.frame["category"].replace("", None), "text": reports.frame["text"].str.lower().replace("", None),
        "cell_n": np.floor(reports.lat * METRES_PER_DEGREE / REACH_M), "cell_e": np.floor(reports.lon * METRES_PER_DEGREE / REACH_M * 0.65),
        "fortnight": np.floor(reports.at / (REACH_DAYS * 86_400)),
    })  # fmt: skip
    time = {
        "output_column_name": "moment",
        "comparison_levels": [
            {"sql_condition": "moment_l IS NULL OR moment_r IS NULL", "label_for_charts": "unknown", "is_null_level": True},
            *({"sql_condition": f"abs(moment_l - moment_r) <= {hours * 3600}", "label_for_charts": f"{hours} h"} for hours in (1, 6, 24, 72, 168)),
            {"sql_condition": "ELSE", "label_for_charts": "else"},
        ],
    }
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=["l.cell_n = r.cell_n AND l.cell_e = r.cell_e AND l.fortnight = r.fortnight"],
        comparisons=[
            cl.DistanceInKMAtThresholds("lat", "lon", [0.01, 0.025, 0.05, 0.1, 0.2]),
            time,
            cl.ExactMatch("category"),
            cl.JaroWinklerAtThresholds("text", [0.95, 0.85, 0.7]),
        ],
        additional_columns_to_retain=["row"],
    )
    linker = Linker(DuckDBAPI().register(frame), settings)
    linker.training.estimate_probability_two_random_records_match(
        ["l.lat = r.lat AND l.lon = r.lon AND l.category = r.category AND l.fortnight = r.fortnight"], recall=0.4
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(
        "l.cell_n = r.cell_n AND l.cell_e = r.cell_e AND l.fortnight = r.fortnight"
    )
    return linker.inference.predict(threshold_match_probability=0.1).as_pandas_dataframe()


def main(method: str, learn: str, held: str, target: str) -> None:
    """Cluster HELD by the method and write ``id,cluster``."""
    one, other = Reports(learn), Reports(held)
    found = splink(one, other) if method == "splink" else tuned({"radius": radius, "dbscan": dbscan}[method], one, other)
    pd.DataFrame({"id": other.frame["id"], "cluster": found}).to_csv(target, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:5])
