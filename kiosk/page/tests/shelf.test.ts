import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Shelf } from "../src/sw/shelf";
import { isOfBundle, shopWaitMs, wayOf } from "../src/sw/ways";

const KIOSK = "https://kiosk.local:8443";
const url = (path: string): string => new URL(path, KIOSK).href;

/** As much of the browser's caches as is used. */
class Caches {
  readonly named = new Map<string, Map<string, Response>>();

  async open(name: string): Promise<unknown> {
    const entries = this.named.get(name) ?? new Map<string, Response>();
    this.named.set(name, entries);
    return {
      match: async (address: string) => entries.get(url(address))?.clone(),
      put: async (address: string, response: Response) => void entries.set(url(address), response),
      addAll: async (addresses: string[]) => {
        for (const address of addresses) entries.set(url(address), await fetch(address));
      },
      keys: async () => [...entries.keys()].map((address) => new Request(address)),
      delete: async (request: Request) => entries.delete(request.url),
    };
  }

  async keys(): Promise<string[]> {
    return [...this.named.keys()];
  }

  async delete(name: string): Promise<boolean> {
    return this.named.delete(name);
  }

  addresses(name: string): string[] {
    return [...(this.named.get(name)?.keys() ?? [])].map((address) => new URL(address).pathname).sort();
  }
}

let caches: Caches;
/** What the kiosk answers; rejects while it is away. */
let kiosk: (path: string) => Promise<Response>;
let asked: string[];

beforeEach(() => {
  caches = new Caches();
  asked = [];
  kiosk = (path) => Promise.resolve(new Response(`new ${path}`));
  vi.stubGlobal("caches", caches);
  vi.stubGlobal("fetch", (what: Request | string) => {
    const { pathname } = new URL(typeof what === "string" ? url(what) : what.url);
    asked.push(pathname);
    return kiosk(pathname);
  });
  vi.stubGlobal("Request", AtTheKiosk);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const PlainRequest = Request;
/** In a browser an address is the page's own; outside of one there is none. */
class AtTheKiosk extends PlainRequest {
  constructor(path: string, init: RequestInit = {}) {
    super(url(path), init);
  }
}

function shelf(build = "1"): Shelf {
  return new Shelf(build, ["/assets/index-1.js"]);
}

const later = (work: Promise<unknown>): void => void work;
const away = (): Promise<Response> => Promise.reject(new TypeError("Failed to fetch"));
const silent = (): Promise<Response> => new Promise(() => undefined);

async function shop(of: Shelf, path: string, init: RequestInit = {}): Promise<string> {
  return (await of.shop(new AtTheKiosk(path, init), later)).text();
}

it.each([
  ["/", "navigate", "page"],
  ["/tablet?lang=de", "navigate", "page"],
  ["/pair", "navigate", "network"],
  ["/trust", "navigate", "network"],
  ["/assets/tablet-1.js", "cors", "asset"],
  ["/bundle/bundle.json", "cors", "shop"],
  ["/bundle/demo-1/tfjs/model.json", "cors", "model"],
  ["/api/catalogue", "cors", "shop"],
  ["/api/page", "cors", "shop"],
  ["/api/voting", "cors", "shop"],
  ["/api/events", "cors", "network"],
  ["/api/sales?limit=10", "cors", "network"],
  ["/api/picture", "cors", "network"],
  ["/healthz", "cors", "network"],
  ["/tablet", "cors", "network"],
] as const)("lets %s (%s) go the way of: %s", (path, mode, way) => {
  expect(wayOf({ method: "GET", mode, url: url(path) }, KIOSK)).toBe(way);
  expect(wayOf({ method: "POST", mode, url: url(path) }, KIOSK)).toBe("network");
  expect(wayOf({ method: "GET", mode, url: `https://elsewhere.example${path}` }, KIOSK)).toBe("network");
});

it("waits longer for the kiosk when a page knows that it is there, and hardly when it has just been away", () => {
  const quick = { cache: "default" } as const;
  const fresh = { cache: "no-cache" } as const;
  expect(shopWaitMs(quick, true)).toBe(0);
  expect(shopWaitMs(quick, false)).toBeLessThan(2000);
  expect(shopWaitMs(fresh, true)).toBeGreaterThan(shopWaitMs(quick, true));
  expect(shopWaitMs(fresh, false)).toBeGreaterThan(shopWaitMs(quick, false));
});

it("keeps what a start without the kiosk needs", async () => {
  await shelf().fill();
  expect(caches.addresses("page-1")).toEqual(["/", "/assets/index-1.js", "/tablet"]);
  expect(caches.addresses("shop")).toContain("/api/catalogue");
});

it("is not put to work where the pages are not to be had", async () => {
  kiosk = (path) => Promise.resolve(new Response("", { status: path === "/tablet" ? 401 : 200 }));
  await expect(shelf().fill()).rejects.toThrow("/tablet");
});

it("lets go of what an earlier build kept, and of nothing else", async () => {
  await shelf("1").fill();
  await shelf("2").fill();
  await shelf("2").tidy();
  expect([...caches.named.keys()].sort()).toEqual(["page-2", "shop"]);
});

it("gives the kiosk's newest list, and the one before while the kiosk is away", async () => {
  const one = shelf();
  await one.fill();
  kiosk = () => Promise.resolve(new Response("newer"));
  expect(await shop(one, "/api/catalogue")).toBe("newer");
  kiosk = away;
  expect(await shop(one, "/api/catalogue")).toBe("newer");
});

it("does not wait long for a kiosk that stays silent, and not again right after", async () => {
  vi.useFakeTimers();
  const one = shelf();
  await one.fill();
  kiosk = silent;
  const page = one.page(new AtTheKiosk("/tablet"), later);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await (await page).text()).toBe("new /tablet");
  const list = shop(one, "/api/catalogue");
  await vi.advanceTimersByTimeAsync(0);
  expect(await list).toBe("new /api/catalogue");
});

it("gives what was kept rather than a kiosk's trouble", async () => {
  const one = shelf();
  await one.fill();
  kiosk = () => Promise.resolve(new Response("no", { status: 503 }));
  expect(await shop(one, "/api/catalogue")).toBe("new /api/catalogue");
});

it("has nothing to give that it never had", async () => {
  kiosk = away;
  await expect(shop(shelf(), "/api/catalogue")).rejects.toThrow(TypeError);
});

it("shows nothing of the shop any more to a device that is not paired any more", async () => {
  const one = shelf();
  await one.fill();
  const body = JSON.stringify({ error: { code: "not_paired" } });
  kiosk = () => Promise.resolve(new Response(body, { status: 401 }));
  expect((await one.shop(new AtTheKiosk("/api/page"), later)).status).toBe(401);
  kiosk = away;
  await expect(shop(one, "/api/catalogue")).rejects.toThrow(TypeError);
});

it("asks once for what never changes", async () => {
  const one = shelf();
  for (let times = 0; times < 2; times += 1) {
    const kept: Promise<unknown>[] = [];
    await one.model(new AtTheKiosk("/bundle/demo-1/tfjs/model.json"), (work) => kept.push(work));
    await Promise.all(kept);
  }
  expect(asked).toEqual(["/bundle/demo-1/tfjs/model.json"]);
});

it("never gives a file of one bundle for another's, and keeps only the newest bundle", async () => {
  const one = shelf();
  const kept: Promise<unknown>[] = [];
  const keep = (work: Promise<unknown>): void => void kept.push(work);
  await one.model(new AtTheKiosk("/bundle/demo-1/tfjs/model.json"), keep);
  await one.model(new AtTheKiosk("/bundle/demo-2/tfjs/model.json"), keep);
  await Promise.all(kept);
  expect(asked).toHaveLength(2);
  kiosk = () => Promise.resolve(new Response(JSON.stringify({ id: "demo-2" })));
  await shop(one, "/bundle/bundle.json");
  expect(caches.addresses("model")).toEqual(["/bundle/demo-2/tfjs/model.json"]);
});

it("tells a bundle's files from those of one whose name begins the same", () => {
  expect(isOfBundle(url("/bundle/demo-1/tfjs/model.json"), "demo-1")).toBe(true);
  expect(isOfBundle(url("/bundle/demo-10/tfjs/model.json"), "demo-1")).toBe(false);
});
