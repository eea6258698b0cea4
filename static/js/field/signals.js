/** Tells every tab, and this one, that something about the queue has changed. */
const listeners = new Set();
const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('tessera') : null;

const say = (message) => listeners.forEach((listener) => listener(message));

channel?.addEventListener('message', ({ data }) => say(data));

/** `message` {step: {id, n, all}} while something is being sent, {} when records have changed. */
export function tell(message = {}) {
  say(message);
  channel?.postMessage(message);
}

export function hear(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
