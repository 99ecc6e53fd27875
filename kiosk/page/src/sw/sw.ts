/** The service worker: pages start from this device's own disk, quickly, and also while the kiosk is away. */

import { Shelf } from "./shelf";
import { wayOf } from "./ways";

/** What is used here of ServiceWorkerGlobalScope: TypeScript's own types of it and those of a page exclude each other. */
interface Lifetime extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Lifetime {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ServiceWorkerScope {
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate" | "message", hear: (event: Lifetime) => void): void;
  addEventListener(name: "fetch", hear: (event: Fetching) => void): void;
}
declare const self: ServiceWorkerScope;

/** Put in by the build (see vite.config.ts). */
declare const __BUILD__: string;
declare const __FILES__: string[];

const shelf = new Shelf(__BUILD__, __FILES__);

self.addEventListener("install", (event) => {
  event.waitUntil(shelf.fill().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(shelf.tidy().then(() => self.clients.claim()));
});

// The one message there is: from a page that is not under this worker (see offline.ts).
self.addEventListener("message", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const way = wayOf(event.request, location.origin);
  if (way !== "network") event.respondWith(shelf[way](event.request, (work) => event.waitUntil(work)));
});
