import { afterEach, expect, it, vi } from "vitest";

import { newId, NoAnswerError, RefusedError, reportDecision, undoSale } from "../src/api";

const decision = { label: "cola", confidence: 0.9, votes: 3 };

afterEach(() => vi.unstubAllGlobals());

/** A kiosk that gives these answers in turn; null is no answer at all. Returns the bodies it was sent. */
function answer(...answers: ({ status: number; body: unknown } | null)[]): string[] {
  const bodies: string[] = [];
  vi.stubGlobal("fetch", (_path: string, init: RequestInit) => {
    bodies.push(String(init.body));
    const next = answers.shift() ?? null;
    if (next === null) return Promise.reject(new TypeError("Failed to fetch"));
    return Promise.resolve(new Response(JSON.stringify(next.body), { status: next.status }));
  });
  return bodies;
}

it("sends a decision again with the same id when no answer came", async () => {
  const bodies = answer(null, null, { status: 200, body: { id: "1" } });
  await reportDecision("1", decision, [0, 0, 0]);
  expect(bodies.map((body) => JSON.parse(body).id)).toEqual(["1", "1", "1"]);
});

it("sends a decision again when the kiosk had too much to do", async () => {
  const busy = { status: 429, body: { error: { message: "too many at once", code: "too_many" } } };
  const bodies = answer(busy, { status: 201, body: { id: "1" } });
  await reportDecision("1", decision, [0, 0]);
  expect(bodies.map((body) => JSON.parse(body).id)).toEqual(["1", "1"]);
});

it("gives up after the last try", async () => {
  const bodies = answer();
  await expect(reportDecision("1", decision, [0, 0])).rejects.toThrow(NoAnswerError);
  expect(bodies).toHaveLength(3);
});

it("does not send a decision again that the kiosk refused", async () => {
  const bodies = answer({ status: 422, body: { error: { message: "not sold here", code: "not_sold" } } });
  await expect(reportDecision("1", decision, [0, 0])).rejects.toThrow(new RefusedError("not sold here", 422, "not_sold"));
  expect(bodies).toHaveLength(1);
});

it("takes an answer that is not JSON for none", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("<h1>Bad gateway</h1>", { status: 502 })));
  await expect(undoSale("1")).rejects.toThrow(NoAnswerError);
});

it("makes ids without crypto.randomUUID, which plain http does not have", () => {
  vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(0xff) });
  expect(newId()).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
});
