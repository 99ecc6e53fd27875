/** Which way the service worker answers a request. */

/** `page`, `shop`: the newest from the kiosk, else what was kept. `asset`, `model`: what was kept, else from the kiosk.
 * `network`: as if there were no service worker. */
export type Way = "page" | "shop" | "asset" | "model" | "network";

export const PAGES = ["/", "/tablet"];
export const MANIFEST = "/bundle/bundle.json";
/** What a page needs to know of the shop when it starts. */
export const SHOP = ["/api/catalogue", "/api/page", "/api/voting", MANIFEST];

/** Waits for the kiosk, where something was kept. Together they leave a start under two seconds. */
export const PAGE_WAIT_MS = 800;
const SHOP_WAIT_MS = 1000;
const FRESH_WAIT_MS = 4000;
const FRESH_WAIT_AWAY_MS = 400;
/** After a wait in vain the next requests do not each wait as long again. */
export const AWAY_MS = 5000;

/** Sales, events, pairing, the live picture and whatever else is not named here go to the kiosk, or nowhere. */
export function wayOf({ method, mode, url }: Pick<Request, "method" | "mode" | "url">, origin: string): Way {
  const { origin: asked, pathname } = new URL(url);
  if (method !== "GET" || asked !== origin) return "network";
  if (mode === "navigate") return PAGES.includes(pathname) ? "page" : "network";
  if (SHOP.includes(pathname)) return "shop";
  if (pathname.startsWith("/assets/")) return "asset";
  return pathname.startsWith("/bundle/") ? "model" : "network";
}

/** How long the kiosk may take before what was kept is given, in milliseconds. `isAway`: it did not answer just now. */
export function shopWaitMs({ cache }: Pick<Request, "cache">, isAway: boolean): number {
  const wantsFresh = cache !== "default";
  if (isAway) return wantsFresh ? FRESH_WAIT_AWAY_MS : 0;
  return wantsFresh ? FRESH_WAIT_MS : SHOP_WAIT_MS;
}

/** Whether a file of the bundle belongs to the bundle of this id. */
export function isOfBundle(url: string, id: string): boolean {
  return new URL(url).pathname.startsWith(`/bundle/${encodeURIComponent(id)}/`);
}
