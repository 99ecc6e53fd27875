/** The pages on one device do some things one after the other. */

/** A page that the system has put to sleep may hold up the others; it does nothing meanwhile. */
const LONGEST_WAIT_MS = 15_000;

/** Does `work` when no other page does what goes by this name; at once where the browser cannot tell. */
export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (!("locks" in navigator)) return work();
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(), LONGEST_WAIT_MS);
  try {
    return (await navigator.locks.request(name, { signal: impatience.signal }, work)) as T;
  } catch (error) {
    if (error !== impatience.signal.reason) throw error;
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
