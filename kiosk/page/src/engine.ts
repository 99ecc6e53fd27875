/** The network, run by the first tfjs backend that is here and gives the right answers. */

import { loadGraphModel, type GraphModel } from "@tensorflow/tfjs-converter";
import { env, ready, setBackend, tensor4d, type Tensor } from "@tensorflow/tfjs-core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plainWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import "@tensorflow/tfjs-backend-webgl";

import { bundleAddress, type Manifest } from "./bundle";
import { runGolden, type GoldenResult } from "./selftest";

export type BackendName = "webgl" | "wasm";

/** What browsers call a graphics chip that is none; not every one of them owns up to a performance caveat. */
const SOFTWARE_RENDERERS = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** How one backend did. */
export interface Attempt {
  backend: BackendName;
  golden: GoldenResult[];
  /** Why it cannot be used; null when it is good. */
  problem: string | null;
}

/** No backend of this browser gives the right answers. */
export class EngineError extends Error {
  constructor(readonly attempts: Attempt[]) {
    super(attempts.map((attempt) => `${attempt.backend}: ${attempt.problem}`).join("; "));
  }
}

/** A loaded network. */
export class Engine {
  constructor(
    private readonly model: GraphModel,
    private readonly sizePx: number,
  ) {}

  /** RGB pixels [size, size, 3], 0 to 255, to the probabilities of the labels. */
  async classify(pixels: Uint8ClampedArray): Promise<Float32Array> {
    const input = tensor4d(Float32Array.from(pixels), [1, this.sizePx, this.sizePx, 3]);
    const output = this.model.predict(input) as Tensor;
    try {
      return requireProbabilities((await output.data()) as Float32Array);
    } finally {
      input.dispose();
      output.dispose();
    }
  }

  dispose(): void {
    this.model.dispose();
  }
}

/** Which backends to try, best first. `forced` (from the address, for looking into a device) leaves only that one. */
export function candidates(forced: string | null): BackendName[] {
  if (forced === "webgl" || forced === "wasm") return [forced];
  return hasFastFloatWebgl() ? ["webgl", "wasm"] : ["wasm"];
}

/**
 * Loads the network into each backend in turn until one passes the self-test.
 *
 * @throws EngineError when none does.
 */
export async function startEngine(
  manifest: Manifest,
  backends: BackendName[],
): Promise<{ engine: Engine; attempts: Attempt[] }> {
  prepareWasm();
  const attempts: Attempt[] = [];
  for (const backend of backends) {
    const { engine, attempt } = await tryBackend(manifest, backend);
    attempts.push(attempt);
    if (engine !== null) return { engine, attempts };
  }
  throw new EngineError(attempts);
}

/**
 * One thread: a network this small gains little from more, and tfjs would start them from a blob: address, which the
 * kiosk's content security policy forbids. tfjs asks for a path of the threaded form all the same.
 */
function prepareWasm(): void {
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths({
    "tfjs-backend-wasm.wasm": plainWasm,
    "tfjs-backend-wasm-simd.wasm": simdWasm,
    "tfjs-backend-wasm-threaded-simd.wasm": simdWasm,
  });
}

async function tryBackend(
  manifest: Manifest,
  backend: BackendName,
): Promise<{ engine: Engine | null; attempt: Attempt }> {
  let engine: Engine | null = null;
  let golden: GoldenResult[] = [];
  let problem: string | null;
  try {
    engine = await load(manifest, backend);
    golden = await runGolden(manifest, engine);
    problem = golden.every((result) => result.good) ? null : "gives wrong answers on the model's own test pictures";
  } catch (error) {
    // Drivers, memory and the network fail with errors of every kind; each of them means: not this backend.
    problem = error instanceof Error ? error.message : String(error);
  }
  if (problem !== null) {
    engine?.dispose();
    engine = null;
  }
  return { engine, attempt: { backend, golden, problem } };
}

async function load(manifest: Manifest, backend: BackendName): Promise<Engine> {
  if (!(await setBackend(backend))) throw new Error("cannot be started in this browser");
  await ready();
  // Shards keep their names from model to model, so the browser asks each time whether its copies are still right.
  const model = await loadGraphModel(bundleAddress("tfjs/model.json"), { requestInit: { cache: "no-cache" } });
  return new Engine(model, manifest.preprocessing.size_px);
}

/** Whether WebGL can compute in floats here, and on a real graphics chip: in software it is far slower than WASM. */
function hasFastFloatWebgl(): boolean {
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (context === null) return false;
  const info = context.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(context.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  const capable = context.getExtension("EXT_color_buffer_float") !== null;
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return capable && !SOFTWARE_RENDERERS.test(renderer);
}

/** A graphics context that was lost goes on answering, with zeros or worse. */
function requireProbabilities(values: Float32Array): Float32Array {
  const sum = values.reduce((total, value) => total + value, 0);
  if (!(Math.abs(sum - 1) < 0.05)) throw new Error("the network's answer is not a set of probabilities");
  return values;
}
