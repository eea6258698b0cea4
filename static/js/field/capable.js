/** What this browser can keep, found out before anybody types. */
import { sealingKey } from './key.js';
import { probe } from './store.js';

/**
 * {kept: true}, or {kept: false, why}: 'insecure' (an address without https), 'old' (no WebCrypto or database),
 * 'closed' (a private window, or storage is blocked), 'full', 'no_key' (nothing to seal to was ever received).
 */
export async function capability() {
  if (!globalThis.isSecureContext) return { kept: false, why: 'insecure' };
  if (!globalThis.crypto?.subtle) return { kept: false, why: 'old' };
  try {
    await probe();
  } catch (error) {
    return { kept: false, why: error?.name === 'QuotaExceededError' ? 'full' : 'closed' };
  }
  return sealingKey().then(() => ({ kept: true, why: '' }), () => ({ kept: false, why: 'no_key' }));
}
