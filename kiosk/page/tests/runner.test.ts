import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { openRunner } from "../src/engine/runner";
import type { Answer, Request } from "../src/engine/worker";

const ORDER = { backend: "wasm", bundleId: "shop", sizePx: 96 } as const;

/** A worker that answers as the test says; null is no answer. */
class ToldWorker {
  static answer: (request: Request) => Answer | null;
  static isEnded = false;
  onmessage: ((event: { data: Answer }) => void) | null = null;
  onerror: ((event: { message: string }) => void) | null = null;

  constructor() {
    queueMicrotask(() => this.onmessage?.({ data: { started: true } }));
  }

  postMessage(request: Request): void {
    const data = ToldWorker.answer(request);
    if (data !== null) queueMicrotask(() => this.onmessage?.({ data }));
  }

  terminate(): void {
    ToldWorker.isEnded = true;
  }
}

const image = (): { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } => ({
  width: 1,
  height: 1,
  data: new Uint8ClampedArray(4),
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  vi.stubGlobal("Worker", ToldWorker);
  vi.stubGlobal("window", globalThis);
  ToldWorker.answer = (request) => ({ done: "open" in request ? null : Float32Array.of(1) });
  ToldWorker.isEnded = false;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("hands out what the worker answers", async () => {
  const runner = await openRunner(ORDER);
  expect(await runner.classify(image())).toEqual(Float32Array.of(1));
});

it("fails, and ends the worker, when the network cannot be opened there", async () => {
  ToldWorker.answer = () => ({ problem: "no such thing here" });
  await expect(openRunner(ORDER)).rejects.toThrow("no such thing here");
  expect(ToldWorker.isEnded).toBe(true);
});

it("gives up on a frame that takes ten seconds of the page's own life", async () => {
  const runner = await openRunner(ORDER);
  ToldWorker.answer = () => null;
  const asked = runner.classify(image()).catch((error: Error) => error.message);
  await vi.advanceTimersByTimeAsync(10_500);
  expect(await asked).toBe("does not answer");
});

it("has patience with a tablet that slept in the middle of a frame", async () => {
  const runner = await openRunner(ORDER);
  let wake: () => void = () => undefined;
  vi.spyOn(ToldWorker.prototype, "postMessage").mockImplementationOnce(function (this: ToldWorker) {
    wake = () => this.onmessage?.({ data: { done: Float32Array.of(1) } });
  });
  const asked = runner.classify(image());
  // An hour later by every clock, but the page's timers stood still: one tick.
  await vi.advanceTimersByTimeAsync(1000);
  wake();
  expect(await asked).toEqual(Float32Array.of(1));
});
