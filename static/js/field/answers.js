/**
 * Asks the server and says in one word what its answer means for what waits on this phone.
 *
 * Only our own server counts: a page of a hotel's or a café's network that answers everything with 200 has received nothing.
 */
const BY_STATUS = {
  401: 'sign_in', 403: 'refused', 409: 'conflict', 410: 'withdrawn', 413: 'too_large', 423: 'busy', 429: 'busy', 503: 'busy', 507: 'no_room', 511: 'portal',
};

/** These do not go away by trying again soon: the person is told, and the record stays. */
export const LASTING = new Set(['sign_in', 'refused', 'conflict', 'withdrawn', 'too_large', 'unknown_key', 'photo_refused', 'photo_gone', 'not_understood', 'closed']);

/** These stop everything for now: the next record would meet the same. */
export const STOPPING = new Set(['offline', 'portal', 'busy']);

function causeOf(response, problem) {
  const { status } = response;
  if (problem?.code === 'unknown_key') return 'unknown_key';
  if (problem?.code === 'response_closed') return 'closed';
  if (status >= 500 || status === 413 || status === 429) return BY_STATUS[status] ?? 'server';
  if (!problem?.code) return 'portal';
  return BY_STATUS[status] ?? 'not_understood';
}

/** Seconds of a Retry-After, which may be a date; null when there is none. */
export function secondsOf(header, now = Date.now()) {
  if (!header) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 1), 86400) : null;
}

async function jsonOf(response) {
  if (!/[/+]json\b/.test(response.headers.get('Content-Type') ?? '')) return null;
  try {
    return await response.json();
  } catch {
    return null;
  }
}

async function fetched(address, options, seconds) {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), seconds * 1000);
  try {
    const response = await fetch(address, { ...options, redirect: 'manual', cache: 'no-store', signal: end.signal });
    return { response, json: await jsonOf(response) };
  } finally {
    clearTimeout(timer);
  }
}

/** {ok, status, json, headers, cause, wait}: `cause` is '' when ok; `wait` are the seconds the server asked for, or null. */
export async function ask(address, options, seconds = 60) {
  let response;
  let json;
  try {
    ({ response, json } = await fetched(address, options, seconds));
  } catch {
    return { ok: false, status: 0, json: null, headers: new Headers(), cause: 'offline', wait: null };
  }
  const { ok, status, headers, type } = response;
  const cause = ok ? '' : type === 'opaqueredirect' ? 'portal' : causeOf(response, json);
  return { ok, status, json, headers, cause, wait: secondsOf(headers.get('Retry-After')) };
}
