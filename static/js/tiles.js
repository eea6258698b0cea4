/**
 * The tile-shaped answers of one address, kept while they are looked at. Every tile is asked for once and then only
 * "has it changed?" (ETag), so that a poll over a quiet map costs headers alone.
 */
const TILE_PX = 512; // one answer covers four ordinary map tiles: fewer journeys on a slow line
const KEPT = 200;

export class Tiles {
  constructor(address) {
    this.address = address;
    this.query = '';
    this.kept = new Map();
  }

  /** Other filters mean other answers. */
  ask(query) {
    if (query === this.query) return false;
    this.query = query;
    this.kept.clear();
    return true;
  }

  /** The answers for the view of `map`, asking anew where `again` is set: { answers, changed, failed }. */
  async inView(map, { again = false, signal } = {}) {
    const asked = keys(map);
    const results = await Promise.all(asked.map((key) => this.#get(key, again, signal)));
    this.#forget(new Set(asked));
    return {
      answers: asked.map((key) => this.kept.get(key)?.answer).filter(Boolean),
      changed: results.includes('changed'),
      failed: results.includes('failed'),
    };
  }

  /** The one tile that covers the world, as a list of answers (empty when it cannot be had). */
  async world(signal) {
    await this.#get('0/0/0', true, signal);
    return [this.kept.get('0/0/0')?.answer].filter(Boolean);
  }

  /** How many rows match at all, or null when nobody knows. */
  async total(signal) {
    const [answer] = await this.world(signal);
    return answer ? count(answer) : null;
  }

  async #get(key, again, signal) {
    const before = this.kept.get(key);
    if (before && !again) return 'kept';
    const [z, x, y] = key.split('/');
    const url = this.address.replace('{z}', z).replace('{x}', x).replace('{y}', y) + (this.query && `?${this.query}`);
    try {
      const response = await fetch(url, { signal, cache: 'no-cache', headers: { Accept: 'application/json' } });
      if (!response.ok) return 'failed';
      const tag = response.headers.get('ETag');
      if (before && tag && tag === before.tag) return 'kept';
      this.kept.set(key, { tag, answer: await response.json() });
      return 'changed';
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      return 'failed';
    }
  }

  #forget(inUse) {
    for (const key of this.kept.keys()) {
      if (this.kept.size <= KEPT) return;
      if (!inUse.has(key) && key !== '0/0/0') this.kept.delete(key);
    }
  }
}

/** The rows an answer stands for. */
export function count({ cells = [], incidents = [], areas = [] }) {
  const add = (rows) => rows.reduce((n, row) => n + row[2], 0);
  return add(cells) + incidents.length + add(areas);
}

/** "z/x/y" of every tile in view, wrapped at the date line, without repeats. */
function keys(map) {
  const z = Math.max(0, Math.round(map.getZoom()) - Math.log2(TILE_PX / 256));
  const scale = 256 * 2 ** (Math.round(map.getZoom()) - z);
  const { min, max } = map.getPixelBounds();
  const side = 2 ** z;
  const found = new Set();
  for (let x = Math.floor(min.x / scale); x <= Math.floor(max.x / scale); x += 1) {
    for (let y = Math.max(0, Math.floor(min.y / scale)); y <= Math.min(side - 1, Math.floor(max.y / scale)); y += 1) {
      found.add(`${z}/${((x % side) + side) % side}/${y}`);
    }
  }
  return [...found];
}
