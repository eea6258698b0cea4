"""Boosted trees as a judge of pairs: grown by LightGBM when labels are learnt from, read here with numpy alone. Pure.

The weights file keeps LightGBM's own text, which names every question a tree asks. Every answer on the way down moves the sum, so
the sum is explained exactly: what each question moved is added to the measure it asked about (after Saabas).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from server.matching.accounts import Floats

PIECE = 20_000
MANY = 50_000  # from so many pairs on, LightGBM's own reading is worth its import
_NAN_ROUTE, _DEFAULT_LEFT = 2, 1


@dataclass(frozen=True)
class Trees:
    """The trees of a weights file. ``measures`` are the columns they ask about, ``text`` is LightGBM's model."""

    measures: tuple[str, ...]
    text: str

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Trees":
        """From the part ``trees`` of a weights file; ValueError when it is not one."""
        trees = cls(tuple(data["measures"]), "\n".join(data["model"]))
        if not trees.forest.depth:
            raise ValueError("there is no tree in it")
        return trees

    def totals(self, values: Mapping[str, Floats]) -> Floats:
        """The log-odds of each pair."""
        matrix = self.matrix(values)
        if len(matrix) >= MANY:
            return self._booster.predict(matrix, raw_score=True, num_threads=2)
        return np.concatenate([self.forest.totals(matrix[at : at + PIECE]) for at in range(0, len(matrix), PIECE)] or [np.zeros(0)])

    def contributions(self, values: Mapping[str, Floats]) -> tuple[float, dict[str, Floats]]:
        """What every pair starts from, and what each measure then adds; together they are the total, to the last digit that counts."""
        matrix = self.matrix(values)
        start, parts = self.forest.contributions(matrix)
        return start, {name: parts[:, column] for column, name in enumerate(self.measures)}

    @cached_property
    def base(self) -> float:
        """What every pair starts from."""
        return float(self.forest.worth[:, 0].sum())

    def matrix(self, values: Mapping[str, Floats]) -> np.ndarray:
        """One row for each pair, one column for each measure; float32, as the trees were grown."""
        return np.stack([values[name] for name in self.measures], axis=1).astype(np.float32)

    @cached_property
    def forest(self) -> "Forest":
        """The trees as arrays."""
        return Forest(self.text, len(self.measures))

    @cached_property
    def _booster(self) -> Any:
        import lightgbm

        return lightgbm.Booster(model_str=self.text)


class Forest:
    """All trees side by side: nodes of a tree are rows 0…, its leaves follow; leaves lead to themselves."""

    def __init__(self, text: str, width: int) -> None:
        grown = [_fields(block) for block in text.split("\nTree=")[1:]]
        nodes = max((2 * int(tree["num_leaves"]) - 1 for tree in grown), default=1)
        shape = (len(grown), nodes)
        self.width = width
        self.asks, self.left, self.right = np.zeros(shape, np.int32), np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        self.limit, self.worth = np.zeros(shape), np.zeros(shape)
        self.unknown_left = np.zeros(shape, bool)
        self.depth = max((self._plant(row, tree) for row, tree in enumerate(grown)), default=0)

    def totals(self, matrix: np.ndarray) -> Floats:
        """The summed worth of the leaves that each row reaches."""
        spots = np.zeros((len(matrix), len(self.asks)), np.int32)
        for _ in range(self.depth):
            spots = self._onward(matrix, spots)
        return self.worth[np.arange(len(self.asks)), spots].sum(axis=1)

    def contributions(self, matrix: np.ndarray) -> tuple[float, Floats]:
        """The summed worth of the roots, and for each row and measure the summed steps of worth on the way down."""
        trees = np.arange(len(self.asks))
        parts = np.zeros((len(matrix), self.width))
        rows = np.repeat(np.arange(len(matrix)), len(trees)).reshape(len(matrix), -1)
        spots = np.zeros((len(matrix), len(trees)), np.int32)
        for _ in range(self.depth):
            later = self._onward(matrix, spots)
            np.add.at(parts, (rows, self.asks[trees, spots]), self.worth[trees, later] - self.worth[trees, spots])
            spots = later
        return float(self.worth[:, 0].sum()), parts

    def _onward(self, matrix: np.ndarray, spots: np.ndarray) -> np.ndarray:
        trees = np.arange(len(self.asks))
        values = np.take_along_axis(matrix, self.asks[trees, spots], axis=1).astype(np.float64)
        goes_left = np.where(np.isnan(values), self.unknown_left[trees, spots], values <= self.limit[trees, spots])
        return np.where(goes_left, self.left[trees, spots], self.right[trees, spots])

    def _plant(self, row: int, tree: Mapping[str, str]) -> int:
        """Lay one tree into its row; returns how deep it is."""
        leaves = int(tree["num_leaves"])
        inner = leaves - 1
        own = np.arange(inner, inner + leaves)
        self.left[row, own] = self.right[row, own] = own
        self.worth[row, own] = _numbers(tree["leaf_value"])
        if not inner:
            return 1
        self.asks[row, :inner] = _numbers(tree["split_feature"])
        self.limit[row, :inner] = _numbers(tree["threshold"])
        kinds = np.array(_numbers(tree["decision_type"]), int)
        # Where training saw no unknown, LightGBM reads an unknown as 0.
        default_left = (kinds >> 1 & _DEFAULT_LEFT) > 0
        self.unknown_left[row, :inner] = np.where(kinds >> 2 & 3 == _NAN_ROUTE, default_left, self.limit[row, :inner] >= 0)
        self.worth[row, :inner] = _numbers(tree["internal_value"])
        for side, name in ((self.left, "left_child"), (self.right, "right_child")):
            child = np.array(_numbers(tree[name]), int)
            side[row, :inner] = np.where(child < 0, inner - 1 - child, child)
        return self._depth(row, 0)

    def _depth(self, row: int, node: int) -> int:
        deepest, front = 0, [(node, 0)]
        while front:
            spot, level = front.pop()
            deepest = max(deepest, level)
            if self.left[row, spot] != spot:
                front += [(int(self.left[row, spot]), level + 1), (int(self.right[row, spot]), level + 1)]
        return max(1, deepest)


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n\n", maxsplit=1)[0].splitlines()[1:] if "=" in line)


def _numbers(written: str) -> Sequence[float]:
    return [float(one) for one in written.split()]
