import { beforeEach, expect, it, vi } from "vitest";

import type { Manifest } from "../src/bundle";
import type { BackendName } from "../src/engine/backends";
import { Engine, EngineError, type EngineSettings } from "../src/engine/engine";
import type { Order } from "../src/engine/network";
import type { Runner } from "../src/engine/runner";

const RIGHT = Float32Array.of(0.1, 0.9);
const WRONG = Float32Array.of(0.9, 0.1);
const IMAGE = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
const manifest = {
  id: "shop",
  labels: ["unknown", "cola"].map((id) => ({ id, name: id, price_pence: null })),
  preprocessing: { size_px: 96 },
  golden: [{ image: "golden/1.png", label: "cola", float_probabilities: [0.1, 0.9] }],
} as Manifest;

/** How each backend of the device behaves; one that is not here does not even start. */
let device: Partial<Record<BackendName, { frameMs?: number; answer?: () => Promise<Float32Array> }>>;
let opened: BackendName[];
let closed: BackendName[];
let clockMs: number;

vi.mock("../src/engine/runner", () => ({
  openRunner: ({ backend }: Order): Promise<Runner> => {
    const behaviour = device[backend];
    opened.push(backend);
    if (behaviour === undefined) return Promise.reject(new Error("no such thing here"));
    return Promise.resolve({
      classify: () => {
        clockMs += behaviour.frameMs ?? 1;
        return behaviour.answer?.() ?? Promise.resolve(RIGHT);
      },
      close: () => closed.push(backend),
    });
  },
}));
vi.mock("../src/engine/selftest", async (original) => {
  const real = await original<typeof import("../src/engine/selftest")>();
  return {
    ...real,
    goldenImages: async function* ({ golden: [golden] }: Manifest, count = 1) {
      for (let number = 0; number < count; number += 1) yield { golden, image: IMAGE };
    },
    runGolden: async (tried: Manifest, runner: Runner) => [
      real.compare(tried, tried.golden[0], await runner.classify(IMAGE)),
    ],
  };
});

beforeEach(() => {
  device = { webgl: { frameMs: 20 }, "wasm-threads": { frameMs: 5 }, wasm: { frameMs: 9 } };
  opened = [];
  closed = [];
  clockMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => clockMs);
});

function start(changes: Partial<EngineSettings> = {}): Promise<Engine> {
  return Engine.start({ manifest, backends: ["webgpu", "webgl", "wasm-threads", "wasm"], remembered: null, ...changes });
}

it("tries every backend, keeps the fastest and closes the others", async () => {
  const engine = await start();
  expect(engine.backend).toBe("wasm-threads");
  expect(opened).toEqual(["webgpu", "webgl", "wasm-threads", "wasm"]);
  expect(closed).toEqual(["webgl", "wasm"]);
});

it("throws out the fastest when its answers are wrong", async () => {
  device["wasm-threads"] = { frameMs: 1, answer: () => Promise.resolve(WRONG) };
  expect((await start()).backend).toBe("wasm");
  expect(closed).toContain("wasm-threads");
});

it("starts the remembered backend alone", async () => {
  expect((await start({ remembered: "wasm" })).backend).toBe("wasm");
  expect(opened).toEqual(["wasm"]);
});

it("tries the others when the remembered one gives wrong answers by now", async () => {
  device.webgl = { answer: () => Promise.resolve(WRONG) };
  expect((await start({ remembered: "webgl" })).backend).toBe("wasm-threads");
  expect(opened.filter((name) => name === "webgl")).toHaveLength(1);
});

it("goes over to the next fastest when the one in use fails, and loses that frame only", async () => {
  const told: (BackendName | null)[] = [];
  let isWell = true;
  device["wasm-threads"] = {
    answer: () => (isWell ? Promise.resolve(RIGHT) : Promise.reject(new Error("out of memory"))),
  };
  const engine = await start({ onChange: (_, inUse) => told.push(inUse) });
  isWell = false;
  expect(await engine.classify(IMAGE)).toBeNull();
  expect(await engine.classify(IMAGE)).toEqual(RIGHT);
  expect(told.pop()).toBe("wasm");
  expect(closed).toContain("wasm-threads");
});

it("fails for good when the last backend fails on the way", async () => {
  let isWell = true;
  device = { wasm: { answer: () => (isWell ? Promise.resolve(RIGHT) : Promise.reject(new Error("gone"))) } };
  const engine = await start();
  isWell = false;
  await expect(engine.classify(IMAGE)).rejects.toThrow("wasm: failed on the way: gone");
  await expect(engine.classify(IMAGE)).rejects.toBeInstanceOf(EngineError);
});

it("says what was tried when nothing gives the right answers", async () => {
  for (const name of ["webgl", "wasm-threads", "wasm"] as const) device[name] = { answer: () => Promise.resolve(WRONG) };
  const error: unknown = await start().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(EngineError);
  expect((error as EngineError).attempts.map(({ backend, problem }) => [backend, problem !== null])).toEqual([
    ["webgpu", true],
    ["webgl", true],
    ["wasm-threads", true],
    ["wasm", true],
  ]);
});
