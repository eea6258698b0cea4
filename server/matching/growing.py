"""Learn from labelled pairs what LightGBM's trees and single words can tell: always judged on places they did not learn from. Pure.

Reports are laid into folds by blocks of a few kilometres, whole incidents on one side, so that no fold has seen the streets of
another. What is learnt from the others scores each fold; thresholds are then set on those honest scores.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

from server.core.geography import METRES_PER_DEGREE
from server.matching.accounts import Columns, Floats, Whole

FOLDS = 4
BLOCK_M = 2500.0
MOST_PAIRS = 200_000  # of either kind; more teach little and cost time
ROUNDS = 240
ENOUGH_TO_BRANCH = 2000  # pairs that are one, from which on trees may ask many questions
USUAL = {
    "objective": "binary", "learning_rate": 0.06, "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1,
    "lambda_l2": 5.0, "max_bin": 127, "verbose": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True, "seed": 1,
}  # fmt: skip
MANY_QUESTIONS = {"num_leaves": 31, "min_data_in_leaf": 40}
FEW_QUESTIONS = {"num_leaves": 6, "min_data_in_leaf": 20}
KEPT_LINES = (
    "num_leaves", "num_cat", "split_feature", "threshold", "decision_type", "left_child", "right_child", "leaf_value",
    "internal_value", "is_linear", "shrinkage",
)  # fmt: skip
LEAST_USED, MOST_USED = 8, 0.97  # words said by fewer reports, or by nearly all, teach nothing
WORD_RIDGE = 3.0


@dataclass(frozen=True)
class Lesson:
    """Pairs to learn from: measures, whether they are one, how far to trust that, and the fold of either side."""

    names: tuple[str, ...]
    matrix: np.ndarray
    same: np.ndarray
    trust: Floats
    folds: tuple[Whole, Whole]

    def inside(self, folds: Sequence[int]) -> np.ndarray:
        """Which pairs lie wholly in these folds."""
        return np.isin(self.folds[0], folds) & np.isin(self.folds[1], folds)


def folds_of(columns: Columns, cluster: Whole, *, seed: int = 7) -> Whole:
    """The fold of each account; an incident lies where its first account does."""
    lat, lon = np.nan_to_num(columns.lat), np.nan_to_num(columns.lon)
    first = np.unique(cluster, return_index=True)[1][np.unique(cluster, return_inverse=True)[1]]
    north = np.floor(lat[first] * METRES_PER_DEGREE / BLOCK_M).astype(np.int64)
    east = np.floor(lon[first] * METRES_PER_DEGREE * np.cos(np.radians(lat.mean())) / BLOCK_M).astype(np.int64)
    blocks, sizes = np.unique(north * 10_000_019 + east, return_inverse=True, return_counts=True)[1:]
    dice, load, fold = np.random.default_rng(seed), np.zeros(FOLDS), np.zeros(len(sizes), np.int64)
    for block in np.argsort(-sizes, kind="stable"):
        fold[block] = np.argmin(load + dice.random(FOLDS) * sizes.mean())
        load[fold[block]] += sizes[block]
    return fold[blocks]


def grow(lesson: Lesson, rows: np.ndarray) -> str:
    """LightGBM's text of the trees grown from these pairs, without what nobody reads."""
    import lightgbm

    chosen, weight = sampled(lesson.same, np.where(rows, lesson.trust, 0.0))
    branching = MANY_QUESTIONS if lesson.same[chosen].sum() >= ENOUGH_TO_BRANCH else FEW_QUESTIONS
    data = lightgbm.Dataset(
        lesson.matrix[chosen], lesson.same[chosen].astype(float), weight=weight, feature_name=list(lesson.names)
    )
    return _stripped(lightgbm.train({**USUAL, **branching}, data, ROUNDS).model_to_string())


def honest_totals(lesson: Lesson, matrices: Sequence[np.ndarray] | None = None, *, say: Callable[[str], None] = lambda _: None) -> Floats:
    """The log-odds of every pair by trees that saw neither of its sides; ``matrices`` gives each fold its own measures.

    Two folds are learnt at a time, each by one thread: the same answer on every machine, and no thread waits for another.
    """
    total, judges = np.zeros(len(lesson.same)), np.zeros(len(lesson.same))
    own = [lesson if matrices is None else replace(lesson, matrix=matrices[fold]) for fold in range(FOLDS)]
    with ThreadPoolExecutor(max_workers=2) as pool:
        for done, (unseen, found) in enumerate(pool.map(_judged_by_others, own, range(FOLDS)), start=1):
            total[unseen] += found
            judges[unseen] += 1
            say(f"  {done} of {FOLDS} folds judged")
    return total / np.maximum(judges, 1)


def _judged_by_others(lesson: Lesson, fold: int) -> tuple[np.ndarray, Floats]:
    """The pairs that touch a fold and their log-odds by trees grown on the others."""
    import lightgbm

    text = grow(lesson, lesson.inside([one for one in range(FOLDS) if one != fold]))
    unseen = (lesson.folds[0] == fold) | (lesson.folds[1] == fold)
    return unseen, np.asarray(lightgbm.Booster(model_str=text).predict(lesson.matrix[unseen], raw_score=True, num_threads=1))


def sampled(same: np.ndarray, trust: Floats, most: int = MOST_PAIRS) -> tuple[Whole, Floats]:
    """Pairs to learn from and what each stands for: all, or evenly drawn where there are too many; the same draw every time."""
    dice, chosen, weights = np.random.default_rng(1), [], []
    for kind in (same, ~same):
        rows = np.flatnonzero(kind & (trust > 0))
        kept = rows if len(rows) <= most else np.sort(dice.choice(rows, most, replace=False))
        chosen.append(kept)
        weights.append(trust[kept] * (len(rows) / max(1, len(kept))))
    return np.concatenate(chosen), np.concatenate(weights)


def average_precision(same: np.ndarray, total: Floats) -> float:
    """How well the totals put pairs that are one before those that are not: 0 to 1."""
    ranked = same[np.argsort(-total, kind="stable")]
    hits = np.cumsum(ranked)
    return float((hits / np.arange(1, len(ranked) + 1))[ranked].mean()) if ranked.any() else 0.0


@dataclass(frozen=True)
class Wordings:
    """Which words each pair shares and which one side says alone, as one sparse row for each pair."""

    words: list[int]
    rows: sparse.csr_array

    @classmethod
    def of(cls, columns: Columns, left: Whole, right: Whole) -> "Wordings":
        """The words that teach something, by their hash."""
        bags = columns.tokens
        owners = np.repeat(np.arange(len(columns)), bags.sizes)
        words, place, used = np.unique(bags.items, return_inverse=True, return_counts=True)
        kept = (used >= LEAST_USED) & (used <= MOST_USED * len(columns))
        number = np.cumsum(kept) - 1
        telling = kept[place]
        ones = np.ones(int(telling.sum()), np.float32)
        said = sparse.csr_array((ones, (owners[telling], number[place[telling]])), shape=(len(columns), int(kept.sum())))
        one, other = said[left], said[right]
        shared = one.multiply(other).tocsr()
        alone = (one + other - 2 * shared).tocsr()
        alone.eliminate_zeros()
        return cls(words[kept].tolist(), sparse.hstack([shared, alone], format="csr"))

    def learn(self, lesson: Lesson, rows: np.ndarray, known: Floats) -> Floats:
        """What each word is worth beside what is ``known`` of the pairs already (ridged logistic regression)."""
        chosen, weight = sampled(lesson.same, np.where(rows, lesson.trust, 0.0), most=MOST_PAIRS // 2)
        part, same = self.rows[chosen], lesson.same[chosen].astype(float)
        turned, offset = part.T.tocsr(), np.clip(known[chosen], -8, 8)

        def loss(worth: Floats) -> tuple[float, Floats]:
            total = offset + part @ worth[:-1] + worth[-1]
            chance = 1 / (1 + np.exp(-np.clip(total, -30, 30)))
            slope = np.append(turned @ (weight * (chance - same)) + WORD_RIDGE * worth[:-1], (weight * (chance - same)).sum())
            cost = (weight * (np.logaddexp(0, total) - same * total)).sum() + WORD_RIDGE / 2 * (worth[:-1] ** 2).sum()
            return float(cost), slope

        found = minimize(loss, np.zeros(part.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 60})
        return np.round(found.x[:-1], 3)

    def honest(self, lesson: Lesson, known: Floats) -> list[Floats]:
        """For each fold what words say of every pair, learnt elsewhere: of its own pairs from all the others, of theirs crosswise."""
        answers = []
        for fold in range(FOLDS):
            others = [one for one in range(FOLDS) if one != fold]
            said = self.rows @ self.learn(lesson, lesson.inside(others), known)
            for part in (others[:1], others[1:]):
                rest = [one for one in others if one not in part]
                learnt = self.rows @ self.learn(lesson, lesson.inside(rest), known)
                mine = lesson.inside(others) & np.isin(lesson.folds[0], part)
                said[mine] = learnt[mine]
            answers.append(said)
        return answers


def _stripped(text: str) -> str:
    """The model without statistics of its growing, which are half of its size."""
    head, *trees = text.split("\nTree=")
    head = "\n".join(line for line in head.splitlines() if not line.startswith("tree_sizes"))
    last, _, _ = trees[-1].partition("\nend of trees") if trees else ("", "", "")
    trees = [*trees[:-1], last]
    kept = []
    for tree in trees:
        number, *lines = tree.strip().splitlines()
        kept.append("\n".join(["Tree=" + number, *(line for line in lines if line.split("=")[0] in KEPT_LINES)]))
    return head.rstrip() + "\n\n" + "\n\n\n".join(kept) + "\n\n\nend of trees\n"
