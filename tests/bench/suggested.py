"""For how many of the reports that have an earlier one of the same incident a true one is among the first suggested.

    .venv/bin/flask --app wsgi matching suggest held.csv pairs.csv --weights w.json
    .venv/bin/python -m tests.bench.suggested held.csv pairs.csv
"""

import sys

import pandas as pd

RANKS = (1, 3, 5)


def shares(labelled: str, suggested: str) -> tuple[dict[int, float], int]:
    """By rank the share that finds a true earlier report up to there, and of how many reports; unlabelled ones are not asked."""
    truth, said = pd.read_csv(labelled, dtype=str), pd.read_csv(suggested, dtype=str)
    sure = truth[truth["label"] == "gold"] if "label" in truth else truth
    first = sure.sort_values("reported_at", kind="stable").groupby("cluster_id").head(1)["id"]
    asked = set(sure["id"]) - set(first)
    incident = truth.set_index("id")["cluster_id"]
    said = said[said["id"].isin(asked)]
    true = said[said["id"].map(incident).to_numpy() == said["candidate"].map(incident).to_numpy()]
    rank = true["rank"].astype(int)
    return {most: true[rank <= most]["id"].nunique() / max(1, len(asked)) for most in RANKS}, len(asked)


if __name__ == "__main__":
    found, count = shares(*sys.argv[1:3])
    print(*(f"first {rank}: {share:.3f}" for rank, share in found.items()), f"of {count}", sep="  ")
