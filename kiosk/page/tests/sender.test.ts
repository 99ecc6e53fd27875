import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, it, vi, type Mock } from "vitest";
import "fake-indexeddb/auto";

import { RefusedError } from "../src/api";
import { Queue } from "../src/queue";
import { Sender } from "../src/sender";
import { eventually } from "./eventually";

const product = { label: "cola", name: "Cola", price_pence: 90 };
const decision = { label: "cola", confidence: 0.9, votes: 3 };

type Answer = { status: number; body: unknown } | null;
const refusal = (status: number, code: string): Answer => ({ status, body: { error: { message: code, code } } });
const sold = (id: string): Answer => ({ status: 201, body: { id } });

/** What was asked of the kiosk, in order: "sale <id>" or "undo <id>". */
let asked: string[];
/** How it answers; null is no answer at all. */
let answer: (what: string, id: string) => Answer | Promise<Answer>;
let queue: Queue;
let told: { noted: number; refused: string[] };
let notPaired: Mock<() => void>;
/** What the sender wants to do later. */
let timers: (() => void)[];

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  timers = [];
  const setTimeout = (run: () => void): number => timers.push(run);
  vi.stubGlobal("window", { setTimeout, clearTimeout: () => undefined, addEventListener: () => undefined });
  // The pages of earlier tests are not to hear of this one's.
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { locks: { request: inTurn() } });
  vi.stubGlobal("document", { addEventListener: () => undefined, hidden: false });
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const id = /sales\/(.+)\/undo/.exec(path)?.[1] ?? (JSON.parse(String(init.body)) as { id: string }).id;
    asked.push(`${path.endsWith("/undo") ? "undo" : "sale"} ${id}`);
    const given = await answer(asked[asked.length - 1], id);
    if (given === null) throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify(given.body), { status: given.status });
  });
  asked = [];
  answer = (_, id) => sold(id);
  queue = new Queue();
  told = { noted: 0, refused: [] };
  notPaired = vi.fn<() => void>();
});

afterEach(() => vi.unstubAllGlobals());

/** As browsers do it: whoever asks comes when all who asked before are done. */
function inTurn(): (name: string, options: unknown, work: () => Promise<unknown>) => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve();
  return (_name, _options, work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

function start(): Sender {
  return new Sender(queue, {
    changed: (noted, refused) => {
      told = { noted, refused: refused.map(({ id, refusal }) => `${id} ${refusal?.code}`) };
    },
    notPaired,
  });
}

async function note(...ids: string[]): Promise<void> {
  for (const id of ids) expect(await queue.note(id, product, decision)).toBe(true);
}

/** What is still on this device. */
async function left(): Promise<string[]> {
  return (await queue.all()).map(({ id }) => id);
}

it("sends what an earlier page left, in order and one at a time", async () => {
  await note("a", "b", "c");
  let underWay = 0;
  answer = async (_, id) => {
    underWay += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(underWay).toBe(1);
    underWay -= 1;
    return sold(id);
  };
  start();
  await eventually(async () => expect(await left()).toEqual([]));
  expect(asked).toEqual(["sale a", "sale b", "sale c"]);
  await eventually(() => expect(told).toEqual({ noted: 0, refused: [] }));
});

it("sends each once from two pages on one device", async () => {
  await note("a", "b", "c");
  const pages = [start(), start()];
  await eventually(async () => expect(await left()).toEqual([]));
  pages.forEach((page) => page.wake());
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(asked).toEqual(["sale a", "sale b", "sale c"]);
});

it("sends each where pages cannot take turns", async () => {
  vi.stubGlobal("navigator", {});
  await note("a", "b");
  start();
  await eventually(async () => expect(await left()).toEqual([]));
  expect(asked).toEqual(["sale a", "sale b"]);
});

it("keeps everything while no answer comes, and sends it under the same id when the kiosk is back", async () => {
  answer = () => null;
  await note("a", "b");
  const sender = start();
  const sale = sender.deliver("a");
  await eventually(() => expect(told.noted).toBe(2));
  expect(asked).not.toContain("sale b");
  answer = (_, id) => sold(id);
  sender.wake();
  expect(await sale).toEqual({ id: "a" });
  await eventually(async () => expect(await left()).toEqual([]));
  expect(asked.slice(-2)).toEqual(["sale a", "sale b"]);
});

it.each([
  ["a kiosk that knows this device no longer", refusal(401, "not_paired")],
  ["a kiosk that has too much to do", refusal(429, "too_many")],
])("stops at %s and loses nothing", async (_, given) => {
  answer = () => given;
  await note("a", "b");
  start();
  await eventually(() => expect(told.noted).toBe(2));
  expect(asked).toEqual(["sale a"]);
  expect(notPaired).toHaveBeenCalledTimes(given?.status === 401 ? 1 : 0);
});

it("lets no sale at which the kiosk fails hold up the next one", async () => {
  answer = (_, id) => (id === "a" ? refusal(500, "failed") : sold(id));
  await note("a", "b");
  start();
  await eventually(() => expect(told.noted).toBe(1));
  expect(await left()).toEqual(["a"]);
});

it("hands a refusal to the shopper who waits for it", async () => {
  answer = () => refusal(422, "not_sold");
  const sender = start();
  await note("a");
  await expect(sender.deliver("a")).rejects.toThrow(RefusedError);
  await eventually(async () => expect(await left()).toEqual([]));
});

it("keeps a refusal that comes later in sight until a person has read it", async () => {
  answer = () => null;
  const sender = start();
  await note("a");
  void sender.deliver("a");
  await eventually(() => expect(asked).toContain("sale a"));
  expect(told.noted).toBe(0);
  expect(await sender.promise("a")).toBe(true);
  await eventually(() => expect(told.noted).toBe(1));
  answer = () => refusal(422, "not_sold");
  sender.wake();
  await eventually(() => expect(told).toEqual({ noted: 0, refused: ["a not_sold"] }));
  sender.wake();
  await sender.dismiss((await queue.all())[0]);
  expect(await left()).toEqual([]);
  await eventually(() => expect(told).toEqual({ noted: 0, refused: [] }));
});

it("sends no shopper to the list on paper whose sale it has promised to keep", async () => {
  answer = () => null;
  const sender = start();
  await note("a", "b");
  await sender.promise("a");
  const declined = sender.deliver("b");
  answer = () => refusal(503, "not_kept");
  sender.wake();
  await expect(declined).rejects.toThrow(RefusedError);
  await eventually(() => expect(told).toEqual({ noted: 1, refused: [] }));
  expect(await left()).toEqual(["a"]);
});

it("tells the kiosk of nothing but the undo once a sale was taken back", async () => {
  answer = () => null;
  await note("a");
  const sender = start();
  void sender.deliver("a");
  await eventually(() => expect(asked).toContain("sale a"));
  expect(await sender.undo("a")).toBe(true);
  await eventually(() => expect(asked).toContain("undo a"));
  asked = [];
  answer = () => refusal(404, "no_such_sale");
  sender.wake();
  await eventually(async () => expect(await left()).toEqual([]));
  // Should what was sent before still come, the kiosk will not take it.
  expect(asked).toEqual(["undo a"]);
  await eventually(() => expect(told).toEqual({ noted: 0, refused: [] }));
});

it("takes a sale that the kiosk was told not to take for taken back, and troubles nobody with it", async () => {
  answer = () => null;
  await note("a", "b");
  const sender = start();
  const sale = sender.deliver("a");
  await eventually(() => expect(told.noted).toBe(2));
  answer = (_, id) => (id === "a" ? refusal(409, "taken_back") : sold(id));
  sender.wake();
  expect(await sale).toBeNull();
  await eventually(async () => expect(await left()).toEqual([]));
  await eventually(() => expect(told).toEqual({ noted: 0, refused: [] }));
});

it("promises nothing when the kiosk has answered in the meantime", async () => {
  let give: (given: Answer) => void = () => undefined;
  answer = () => new Promise<Answer>((resolve) => (give = resolve));
  await note("a");
  const sender = start();
  const sale = sender.deliver("a");
  await eventually(() => expect(asked).toEqual(["sale a"]));
  const promise = queue.promise.bind(queue);
  vi.spyOn(queue, "promise").mockImplementation(async (id) => {
    const isHere = await promise(id);
    give(sold("a"));
    await sale;
    return isHere;
  });
  expect(await sender.promise("a")).toBe(false);
});

it("tells what it told before while the database cannot be read, and goes on when it can", async () => {
  answer = () => null;
  await note("a");
  const sender = start();
  await eventually(() => expect(told.noted).toBe(1));
  let isSettled = false;
  void sender.deliver("a").then(() => (isSettled = true));
  const broken = vi.spyOn(queue, "all").mockRejectedValue(new Error("not now"));
  const warned = vi.spyOn(console, "warn").mockReturnValue();
  answer = (_, id) => sold(id);
  sender.wake();
  await eventually(() => expect(warned).toHaveBeenCalled());
  expect([told.noted, isSettled]).toEqual([1, false]);
  broken.mockRestore();
  warned.mockRestore();
  expect(timers.length).toBeGreaterThan(0);
  timers.forEach((run) => run());
  await eventually(() => expect([told.noted, isSettled]).toEqual([0, true]));
});

it("takes over what earlier pages left also when the database did not answer at first", async () => {
  answer = () => null;
  await note("a");
  const broken = vi.spyOn(queue, "all").mockRejectedValue(new Error("not now"));
  const warned = vi.spyOn(console, "warn").mockReturnValue();
  start();
  await eventually(() => expect(warned).toHaveBeenCalled());
  broken.mockRestore();
  warned.mockRestore();
  timers.forEach((run) => run());
  await eventually(() => expect(told.noted).toBe(1));
});

it("lets go of a shopper whose sale another page has brought", async () => {
  answer = () => null;
  await note("a");
  const sender = start();
  const sale = sender.deliver("a");
  await eventually(() => expect(told.noted).toBe(1));
  await queue.settle((await queue.all())[0].order);
  sender.wake();
  expect(await sale).toBeNull();
});

it("takes a sale back that the kiosk took while the shopper pressed undo", async () => {
  let give: (given: Answer) => void = () => undefined;
  answer = (what, id) => (what.startsWith("undo") ? sold(id) : new Promise<Answer>((resolve) => (give = resolve)));
  await note("a");
  const sender = start();
  await eventually(() => expect(asked).toEqual(["sale a"]));
  await sender.undo("a");
  give(sold("a"));
  await eventually(async () => expect(await left()).toEqual([]));
  expect(asked).toEqual(["sale a", "undo a"]);
});

it("says when it was too late to take a sale back", async () => {
  answer = () => null;
  await note("a");
  const sender = start();
  await sender.undo("a");
  answer = () => refusal(409, "not_possible");
  sender.wake();
  await eventually(() => expect(told).toEqual({ noted: 0, refused: ["a not_possible"] }));
});

it("takes nobody else's answer for the kiosk's", async () => {
  answer = () => ({ status: 200, body: { please: "log in to this network" } });
  await note("a");
  start();
  await eventually(() => expect(told.noted).toBe(1));
  expect(await left()).toEqual(["a"]);
});
