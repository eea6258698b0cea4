"""``make bench``: ratios and medians of interleaved runs. ``ARGS="intake map"`` chooses, ``ROWS=100000`` shrinks.

These machines are noisy: every ratio compares two things measured right after one another, and the median of several is quoted.
"""

import sys
from importlib import import_module

from tests.bench import ground

ALL = ("intake", "candidates", "map", "desk", "publishing", "batch", "flood", "lines", "online", "rebuild", "exports", "migrations")

BY_NAME = ("releases",)  # long ones, run only when they are asked for


def main() -> None:
    """Run the benchmarks named, or all."""
    ground.prepare()
    for name in sys.argv[1:] or ALL:
        if name not in (*ALL, *BY_NAME):
            raise SystemExit(f"There is no benchmark named {name}. There are: {', '.join((*ALL, *BY_NAME))}.")
        import_module(f"tests.bench.{name}").run()


if __name__ == "__main__":
    main()
