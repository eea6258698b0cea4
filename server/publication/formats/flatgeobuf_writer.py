"""A process of its own that packs a FlatGeobuf: Arrow comes in at standard input, the file is written at the path given.

Packing the index needs memory for every row. Here it finds all of it, and gives all of it back: nothing of the house is loaded,
and nothing of the house may be imported in this file.
"""

import json
import sys

if __name__ == "__main__":
    # Where geopandas is installed pyogrio would load it, and pandas with it, for nothing. Only this process may go without.
    sys.modules["geopandas"] = None  # type: ignore[assignment]

import pyarrow as pa
import pyogrio


def main(path: str, told: str) -> None:
    """Write the stream at ``path`` with GDAL's options, which are JSON."""
    options = json.loads(told)
    with pa.ipc.open_stream(sys.stdin.buffer) as stream:
        pyogrio.write_arrow(
            stream, path, layer="incidents", driver="FlatGeobuf", geometry_name="geometry", geometry_type="Unknown",
            crs="EPSG:4326", layer_options=options["layer_options"], layer_metadata=options["in_layer"],
        )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
