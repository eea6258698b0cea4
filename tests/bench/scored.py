"""How clusters agree with labels: pairs found and true, and the share of incidents that lie together with another.

    .venv/bin/flask --app wsgi matching cluster held.csv out.csv --weights w.json
    .venv/bin/python -m tests.bench.scored held.csv out.csv

Counted are the reports whose label is trusted (``label`` is gold, or there is no such column). A report that ``out.csv`` does not name
lies alone. A file of ``baselines`` has no automatic band, so that line is missing then.
"""

import sys
from dataclasses import dataclass

import pandas as pd

COLUMNS = {"cluster": "best guess", "auto_cluster": "automatic band"}


@dataclass(frozen=True)
class Scored:
    """Shares of 1: ``wrong`` is of the true incidents those that share a cluster with another true one."""

    precision: float
    recall: float
    f1: float
    wrong: float


def scored(truth: pd.Series, guess: pd.Series) -> Scored:
    """Compare the incident of each report with the cluster it was given, both in one order."""
    both = pd.DataFrame({"true": truth.to_numpy(), "guess": guess.to_numpy()})
    true, found, hit = (_pairs(both.groupby(by).size()) for by in ("true", "guess", ["true", "guess"]))
    precision, recall = hit / max(1, found), hit / max(1, true)
    mixed = both.groupby("guess")["true"].transform("nunique") > 1
    wrong = both.loc[mixed, "true"].nunique() / max(1, both["true"].nunique())
    return Scored(precision, recall, 2 * precision * recall / max(1e-9, precision + recall), wrong)


def _pairs(sizes: pd.Series) -> int:
    return int((sizes * (sizes - 1) // 2).sum())


def main(labelled: str, clustered: str) -> None:
    """Print one line for each column of clusters."""
    truth, said = pd.read_csv(labelled, dtype=str, keep_default_na=False), pd.read_csv(clustered, dtype=str).set_index("id")
    sure = truth[truth["label"] == "gold"] if "label" in truth else truth
    for column, name in COLUMNS.items():
        if column in said:
            guess = sure["id"].map(said[column]).fillna("alone " + sure["id"])
            found = scored(sure["cluster_id"], guess)
            print(f"{name}: precision {found.precision:.3f}  recall {found.recall:.3f}  F1 {found.f1:.3f}  joined wrongly {found.wrong:.1%}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
