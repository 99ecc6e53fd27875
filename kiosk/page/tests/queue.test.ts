import { IDBDatabase, IDBFactory, IDBOpenDBRequest } from "fake-indexeddb";
import { openDB } from "idb";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "fake-indexeddb/auto";

import { Queue } from "../src/queue";
import { eventually } from "./eventually";

const product = { label: "cola", name: "Cola", price_pence: 90 };
const decision = { label: "cola", confidence: 0.9, votes: 3 };

beforeEach(() => vi.stubGlobal("indexedDB", new IDBFactory()));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function ids(queue: Queue): Promise<string[]> {
  return (await queue.all()).map(({ id }) => id);
}

it("keeps decisions in the order in which they were noted, also for a page that is opened later", async () => {
  const queue = new Queue();
  for (const id of ["c", "a", "b"]) expect(await queue.note(id, product, decision)).toBe(true);
  expect(await ids(new Queue())).toEqual(["c", "a", "b"]);
});

it("asks for each change to be on disk", async () => {
  const queue = new Queue();
  await queue.all();
  const transaction = vi.spyOn(IDBDatabase.prototype, "transaction");
  await queue.note("a", product, decision);
  await queue.undo("a");
  expect(transaction.mock.calls.map(([, mode, options]) => [mode, options?.durability])).toEqual([
    ["readwrite", "strict"],
    ["readwrite", "strict"],
  ]);
});

it("keeps a sale that was taken back until the kiosk is told, and lets go of any other that the kiosk has", async () => {
  const queue = new Queue();
  for (const id of ["a", "b"]) await queue.note(id, product, decision);
  expect(await queue.undo("a")).toBe(true);
  for (const { order } of await queue.all()) await queue.settle(order);
  expect(await ids(queue)).toEqual(["a"]);
});

it("has nothing to take back once the kiosk has the sale", async () => {
  const queue = new Queue();
  await queue.note("a", product, decision);
  await queue.settle((await queue.all())[0].order);
  expect(await queue.undo("a")).toBe(false);
});

it("promises nothing once the kiosk has the sale", async () => {
  const queue = new Queue();
  for (const id of ["a", "b"]) await queue.note(id, product, decision);
  await queue.settle((await queue.all())[0].order);
  expect([await queue.promise("a"), await queue.promise("b")]).toEqual([false, true]);
  expect((await queue.all()).map(({ id, isPromised }) => [id, isPromised])).toEqual([["b", true]]);
});

it("keeps no decision of which it said that it cannot be noted, even when the database comes round late", async () => {
  const queue = new Queue();
  await queue.all();
  const database = await openDB("kiosk");
  const { store } = database.transaction("waiting", "readwrite");
  let isBusy = true;
  const busy = (async () => {
    while (isBusy) await store.count();
  })();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const noted = queue.note("a", product, decision);
  await vi.advanceTimersByTimeAsync(2000);
  vi.useRealTimers();
  expect(await noted).toBe(false);
  isBusy = false;
  await busy;
  await eventually(async () => expect(await ids(queue)).toEqual([]));
});

it("says when nothing can be noted in this browser", async () => {
  vi.stubGlobal("indexedDB", {
    open() {
      throw new DOMException("not here", "SecurityError");
    },
  });
  expect(await new Queue().note("a", product, decision)).toBe(false);
  await expect(new Queue().all()).rejects.toThrow("not here");
});

it("does not wait for ever for a database that hangs", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("indexedDB", { open: () => new IDBOpenDBRequest() });
  const noted = new Queue().note("a", product, decision);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await noted).toBe(false);
  vi.useRealTimers();
});
