/**
 * vectorTile.decode(buffer): what a tile of the base map holds, as { land, border, labels }. A plain script.
 *
 * Reads Mapbox Vector Tile 2.1 (protocol buffers) as far as our own tiles use it: paths, texts and whole numbers.
 * `land` and `border` are paths [x, y, x, y, …] with their bounds; `labels` have x, y and their properties.
 */
(() => {
  const utf8 = new TextDecoder();

  class Bytes {
    constructor(buffer) {
      this.bytes = new Uint8Array(buffer);
      this.at = 0;
    }

    varint() {
      let value = 0;
      let factor = 1;
      let byte;
      do {
        byte = this.bytes[this.at++];
        value += (byte & 127) * factor;
        factor *= 128;
      } while (byte > 127);
      return value;
    }

    /** Calls field(number, end, value) for each field up to `end`: `end` for nested ones, `value` for numbers. */
    fields(end, field) {
      while (this.at < end) {
        const key = this.varint();
        const wire = key & 7;
        if (wire === 2) {
          const stop = this.varint() + this.at;
          field(key >> 3, stop);
          this.at = stop;
        } else if (wire === 0) field(key >> 3, this.at, this.varint());
        else this.at += wire === 1 ? 8 : 4;
      }
    }

    text(end) {
      return utf8.decode(this.bytes.subarray(this.at, end));
    }
  }

  function decode(buffer) {
    const bytes = new Bytes(buffer);
    const tile = { land: [], border: [], labels: [] };
    bytes.fields(bytes.bytes.length, (number, end) => {
      if (number === 3) addLayer(tile, decodeLayer(bytes, end));
    });
    return tile;
  }

  function decodeLayer(bytes, end) {
    const layer = { name: '', keys: [], values: [], features: [] };
    bytes.fields(end, (number, stop) => {
      if (number === 1) layer.name = bytes.text(stop);
      else if (number === 2) layer.features.push(decodeFeature(bytes, stop));
      else if (number === 3) layer.keys.push(bytes.text(stop));
      else if (number === 4) layer.values.push(decodeValue(bytes, stop));
    });
    return layer;
  }

  function decodeValue(bytes, end) {
    let found;
    bytes.fields(end, (number, stop, value) => {
      found = number === 1 ? bytes.text(stop) : value;
    });
    return found;
  }

  function decodeFeature(bytes, end) {
    const feature = { tags: [], paths: [] };
    bytes.fields(end, (number, stop) => {
      if (number === 2) while (bytes.at < stop) feature.tags.push(bytes.varint());
      else if (number === 4) feature.paths = decodePaths(bytes, stop);
    });
    return feature;
  }

  function decodePaths(bytes, end) {
    const paths = [];
    let x = 0;
    let y = 0;
    let path;
    while (bytes.at < end) {
      const command = bytes.varint();
      const kind = command & 7;
      for (let count = command >> 3; count > 0; count--) {
        if (kind === 7) path.push(path[0], path[1]);
        else {
          x += zigzag(bytes.varint());
          y += zigzag(bytes.varint());
          if (kind === 1) paths.push((path = []));
          path.push(x, y);
        }
      }
    }
    return paths;
  }

  function zigzag(number) {
    return number % 2 ? -(number + 1) / 2 : number / 2;
  }

  function addLayer(tile, layer) {
    if (layer.name === 'land' || layer.name === 'border') {
      tile[layer.name] = layer.features.flatMap((feature) => feature.paths).map(withBox);
    } else if (layer.name === 'places' || layer.name === 'countries') {
      for (const { tags, paths } of layer.features) {
        const label = { isCountry: layer.name === 'countries', x: paths[0][0], y: paths[0][1] };
        for (let i = 0; i < tags.length; i += 2) label[layer.keys[tags[i]]] = layer.values[tags[i + 1]];
        tile.labels.push(label);
      }
    }
  }

  function withBox(path) {
    let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < path.length; i += 2) {
      west = Math.min(west, path[i]);
      east = Math.max(east, path[i]);
      north = Math.min(north, path[i + 1]);
      south = Math.max(south, path[i + 1]);
    }
    return { path, west, north, east, south };
  }

  window.vectorTile = { decode };
})();
