/** The network itself, in whichever thread this module is loaded: camera image in, probabilities out. */

import { GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import { backend, env, ready, setBackend, tensor4d, type Tensor } from "@tensorflow/tfjs-core";
import plainWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simdWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedWasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";

import { bundleAddress } from "../bundle";
import { Preprocessor, type RgbaImage } from "../preprocess";
import type { BackendName } from "./backends";

/** More cores than this are no help to a network this small. */
const MOST_THREADS = 4;

/** What to run: a bundle's network, on a backend. */
export interface Order {
  backend: BackendName;
  bundleId: string;
  sizePx: number;
}

export class Network {
  private readonly preprocessor: Preprocessor;
  private readonly input: Float32Array;

  private constructor(
    private readonly model: GraphModel,
    private readonly sizePx: number,
    private readonly isLost: () => boolean,
  ) {
    this.preprocessor = new Preprocessor(sizePx);
    this.input = new Float32Array(sizePx * sizePx * 3);
  }

  /** Loads only the backend asked for. Rejects when it cannot be started in this browser. */
  static async open({ backend: name, bundleId, sizePx }: Order): Promise<Network> {
    const isLost = await activate(name);
    const model = await loadGraphModel(bundleAddress(bundleId, "tfjs/model.json"));
    const network = new Network(model, sizePx, isLost);
    // A graphics chip compiles its programs at the first image, which takes some of them many seconds.
    await network.classify({ width: sizePx, height: sizePx, data: new Uint8ClampedArray(sizePx * sizePx * 4) });
    return network;
  }

  /** The probabilities of the labels. Rejects when the answer cannot be one: a lost graphics context gives zeros. */
  async classify(image: RgbaImage): Promise<Float32Array> {
    this.input.set(this.preprocessor.run(image));
    const input = tensor4d(this.input, [1, this.sizePx, this.sizePx, 3]);
    const output = this.model.predict(input) as Tensor;
    try {
      const probabilities = (await output.data()) as Float32Array;
      if (this.isLost()) throw new Error("the browser took the graphics chip away");
      return requireProbabilities(probabilities);
    } finally {
      input.dispose();
      output.dispose();
    }
  }

  close(): void {
    this.model.dispose();
  }
}

/** Has tfjs compute with this backend. Answers with what tells whether the browser took it away again. */
async function activate(name: BackendName): Promise<() => boolean> {
  if (name === "webgpu") await import("@tensorflow/tfjs-backend-webgpu");
  else if (name === "webgl") await import("@tensorflow/tfjs-backend-webgl");
  else await prepareWasm(name === "wasm-threads");
  if (!(await setBackend(name === "wasm-threads" ? "wasm" : name))) throw new Error("cannot be started in this browser");
  await ready();
  return watchChip(name);
}

/** The parts of tfjs' backends that tell of the graphics chip. */
interface WebglBackend {
  gpgpu: { gl: WebGLRenderingContext };
}
interface WebgpuBackend {
  device: { lost: Promise<unknown> };
}

function watchChip(name: BackendName): () => boolean {
  let isLost = false;
  if (name === "webgpu") {
    const { device } = backend() as unknown as WebgpuBackend;
    void device.lost.then(() => {
      isLost = true;
    });
  }
  if (name !== "webgl") return () => isLost;
  const { gl } = (backend() as unknown as WebglBackend).gpgpu;
  return () => gl.isContextLost();
}

async function prepareWasm(threads: boolean): Promise<void> {
  const { setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  // tfjs asks for a path of each form, and takes the threaded one wherever the browser has threads.
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", threads);
  setWasmPaths({
    "tfjs-backend-wasm.wasm": plainWasm,
    "tfjs-backend-wasm-simd.wasm": simdWasm,
    "tfjs-backend-wasm-threaded-simd.wasm": threadedWasm,
  });
  if (threads) setThreadsCount(Math.min(navigator.hardwareConcurrency, MOST_THREADS));
}

function requireProbabilities(values: Float32Array): Float32Array {
  const sum = values.reduce((total, value) => total + value, 0);
  if (!(Math.abs(sum - 1) < 0.05)) throw new Error("the network's answer is not a set of probabilities");
  return values;
}
