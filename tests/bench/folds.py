"""Hold back a share of a labelled file by blocks of 2.5 km, whole incidents on one side, to measure on places nobody learnt from.

    .venv/bin/python -m tests.bench.folds DEV.csv.gz learn.csv held.csv [SEED]
"""

import math
import random
import sys

import pandas as pd

BLOCK_M, SHARE = 2500.0, 0.3
METRES_PER_DEGREE = 111_195.0


def split(source: str, learn: str, held: str, *, seed: int = 3) -> None:
    """Write the two files."""
    frame = pd.read_csv(source, dtype=str, keep_default_na=False)
    middle = math.cos(math.radians(frame["lat"].astype(float).mean()))
    first = frame.groupby("cluster_id", sort=False).head(1).set_index("cluster_id")
    north = (first["lat"].astype(float) * METRES_PER_DEGREE // BLOCK_M).astype(int).astype(str)
    east = (first["lon"].astype(float) * METRES_PER_DEGREE * middle // BLOCK_M).astype(int).astype(str)
    block = frame["cluster_id"].map(north + "_" + east)
    sizes = block.value_counts().to_dict()
    chosen, reached, dice = set(), 0, random.Random(seed)
    for name in dice.sample(sorted(sizes), len(sizes)):
        if reached < SHARE * len(frame):
            chosen.add(name)
            reached += sizes[name]
    frame[~block.isin(chosen)].to_csv(learn, index=False)
    frame[block.isin(chosen)].to_csv(held, index=False)


if __name__ == "__main__":
    split(*sys.argv[1:4], seed=int((sys.argv[4:] or [3])[0]))
