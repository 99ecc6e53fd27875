/** What is kept on this device of the pages, their files, the model and the shop. */

import { AWAY_MS, isOfBundle, MANIFEST, PAGE_WAIT_MS, PAGES, SHOP, shopWaitMs } from "./ways";

const PAGE_CACHE = "page-";
const SHOP_CACHE = "shop";
const MODEL_CACHE = "model";
const TOO_MANY_REQUESTS = 429;
const SERVER_ERROR = 500;

/** Keeps a promise going after the answer was given. */
type Later = (work: Promise<unknown>) => void;

export class Shelf {
  private readonly pageCache: string;
  private awayAt = -Infinity;

  /** `build`: names this build of the page; `files`: the addresses that both pages need at once. */
  constructor(
    build: string,
    private readonly files: string[],
  ) {
    this.pageCache = PAGE_CACHE + build;
  }

  /** Fetches what a start without the kiosk needs. Rejects where the pages are not to be had: not paired, or away. */
  async fill(): Promise<void> {
    const cache = await caches.open(this.pageCache);
    await cache.addAll(this.files);
    await Promise.all(PAGES.map(async (path) => cache.put(path, await fetchPage(path))));
    await Promise.allSettled(SHOP.map((path) => this.ask(new Request(path), SHOP_CACHE, path)));
  }

  /** Lets go of what earlier builds kept. */
  async tidy(): Promise<void> {
    const old = (await caches.keys()).filter((name) => name.startsWith(PAGE_CACHE) && name !== this.pageCache);
    await Promise.all(old.map((name) => caches.delete(name)));
  }

  page(request: Request, later: Later): Promise<Response> {
    return this.newestFirst(request, this.pageCache, PAGE_WAIT_MS, later);
  }

  shop(request: Request, later: Later): Promise<Response> {
    const isAway = performance.now() - this.awayAt < AWAY_MS;
    return this.newestFirst(request, SHOP_CACHE, shopWaitMs(request, isAway), later);
  }

  asset(request: Request, later: Later): Promise<Response> {
    return this.keptFirst(request, this.pageCache, later);
  }

  model(request: Request, later: Later): Promise<Response> {
    return this.keptFirst(request, MODEL_CACHE, later);
  }

  private async newestFirst(request: Request, cacheName: string, waitMs: number, later: Later): Promise<Response> {
    const { pathname } = new URL(request.url);
    const kept = await match(cacheName, pathname);
    const newest = this.ask(request, cacheName, pathname);
    if (kept === undefined) return newest;
    let isAnswered = false;
    const answer = newest.then((response) => (isTrouble(response) ? kept : response), () => kept);
    later(answer.then(() => (isAnswered = true)));
    const waited = wait(waitMs).then(() => {
      if (!isAnswered && waitMs > 0) this.awayAt = performance.now();
      return kept;
    });
    return Promise.race([answer, waited]);
  }

  private async keptFirst(request: Request, cacheName: string, later: Later): Promise<Response> {
    const kept = await match(cacheName, request.url);
    if (kept !== undefined) return kept;
    const response = await fetch(request);
    if (response.ok) later(keep(cacheName, request.url, response.clone()));
    return response;
  }

  /** The kiosk's own answer; a good one is kept. */
  private async ask(request: Request, cacheName: string, path: string): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(request);
    } catch (error) {
      this.awayAt = performance.now();
      throw error;
    }
    this.awayAt = -Infinity;
    if (response.ok) {
      const copies = [response.clone(), response.clone()];
      await keep(cacheName, path, copies[0]);
      if (path === MANIFEST) await forgetOtherModels(copies[1]);
    } else if (await isNotPaired(response.clone())) {
      await forgetShop();
    }
    return response;
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What does not come from the kiosk itself would be shown as the page for ever. */
async function fetchPage(path: string): Promise<Response> {
  const response = await fetch(path, { cache: "no-cache", redirect: "error" });
  if (!response.ok) throw new Error(`the kiosk gives no ${path} (${response.status})`);
  return response;
}

async function match(cacheName: string, address: string): Promise<Response | undefined> {
  return (await caches.open(cacheName)).match(address, { ignoreVary: true });
}

async function keep(cacheName: string, address: string, response: Response): Promise<void> {
  try {
    await (await caches.open(cacheName)).put(address, response);
  } catch {
    // The disk is full, or the browser keeps nothing: the answer is good all the same.
  }
}

/** A person may see the shop only as long as the kiosk knows this device. */
async function forgetShop(): Promise<void> {
  await Promise.all([caches.delete(SHOP_CACHE), caches.delete(MODEL_CACHE)]);
}

async function forgetOtherModels(manifest: Response): Promise<void> {
  const { id } = (await manifest.json()) as { id: string };
  const cache = await caches.open(MODEL_CACHE);
  const others = (await cache.keys()).filter(({ url }) => !isOfBundle(url, id));
  await Promise.all(others.map((request) => cache.delete(request)));
}

/** The kiosk says so, or leads a person to where devices are paired. */
async function isNotPaired(response: Response): Promise<boolean> {
  if (response.type === "opaqueredirect") return true;
  if (response.status !== 401) return false;
  const body = (await response.json()) as { error?: { code?: string } };
  return body.error?.code === "not_paired";
}

function isTrouble({ status }: Response): boolean {
  return status >= SERVER_ERROR || status === TOO_MANY_REQUESTS;
}
