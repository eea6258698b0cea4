/**
 * Lay what came with the tiles into groups that do not cover one another on the screen, without losing a single count.
 * Pure: numbers in, numbers out. A group is { x, y, counts: [d0 … d4, du], records: [row …], whole }; `whole` says that
 * `records` names everything counted, so that the group can be opened as a list.
 */
export const GRADES = ['D0', 'D1', 'D2', 'D3', 'D4', 'DU'];
const MANY_PX = 64; // two full donuts side by side
const ONE_PX = 24; // two symbols that just touch

/** One group from a cell of the server: [lon, lat, n, d0, d1, d2, d3, d4, du]. */
export function fromCell([lon, lat, n, ...counts], project) {
  const { x, y } = project(lat, lon);
  return { x, y, lon, lat, n, counts: counts.slice(0, 6), records: [], whole: false };
}

/** One group from one damage record: [lon, lat, public id, grade, certainty, accuracy in metres, site type]. */
export function fromRecord(sent, project) {
  const row = [...sent];
  row[3] = gradeOf(sent[3]);
  const { x, y } = project(row[1], row[0]);
  return { x, y, lon: row[0], lat: row[1], n: 1, counts: GRADES.map((grade) => Number(grade === row[3])), records: [row], whole: true };
}

/** "D3" from "D3" or 3; "DU" from anything else. */
const gradeOf = (sent) => GRADES[GRADES.indexOf(typeof sent === 'number' ? `D${sent}` : sent)] ?? 'DU';

/** Merge greedily, the largest first, so that a big group keeps its place and swallows its small neighbours. */
export function gather(groups) {
  const grid = new Map();
  const kept = [];
  for (const group of [...groups].sort((a, b) => b.n - a.n || a.x - b.x || a.y - b.y)) {
    const near = nearest(grid, group);
    if (near) absorb(near, group);
    else {
      const fresh = { ...group, counts: [...group.counts], records: [...group.records] };
      kept.push(fresh);
      put(grid, fresh);
    }
  }
  return kept;
}

const column = (value) => Math.floor(value / MANY_PX);
const key = (i, j) => `${i}:${j}`;

function put(grid, group) {
  const at = key(column(group.x), column(group.y));
  if (!grid.has(at)) grid.set(at, []);
  grid.get(at).push(group);
}

function nearest(grid, group) {
  let best = null;
  let shortest = Infinity;
  for (let i = column(group.x) - 1; i <= column(group.x) + 1; i += 1) {
    for (let j = column(group.y) - 1; j <= column(group.y) + 1; j += 1) {
      for (const other of grid.get(key(i, j)) ?? []) {
        const distance = Math.hypot(other.x - group.x, other.y - group.y);
        if (distance < reach(other, group) && distance < shortest) [best, shortest] = [other, distance];
      }
    }
  }
  return best;
}

/** Records that are all known by name stay apart until they touch; anything with a bare count needs a donut's room. */
const reach = (a, b) => (a.whole && b.whole && a.n + b.n < 40 ? ONE_PX : MANY_PX);

function absorb(group, other) {
  group.n += other.n;
  group.counts = group.counts.map((n, i) => n + other.counts[i]);
  group.records.push(...other.records);
  group.whole = group.whole && other.whole;
  group.area = group.area === other.area ? group.area : null;
}
