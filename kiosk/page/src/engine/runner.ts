/** Where the network runs: in a worker, or in the page's own thread where the browser has no fitting worker. */

import type { RgbaImage } from "../preprocess";
import type { Order } from "./network";
import type { Answer, Request } from "./worker";

export interface Runner {
  /** `image` is given away and must not be used any more. Rejects when the network fails, or hangs. */
  classify(image: RgbaImage): Promise<Float32Array>;
  close(): void;
}

const TICK_MS = 1000;
/** Downloads over a weak network, and a graphics chip's programs to compile. */
const OPENING_TICKS = 60;
const FRAME_TICKS = 10;

/** Rejects when this browser cannot run that. */
export async function openRunner(order: Order): Promise<Runner> {
  const worker = needsPage(order) ? null : await startWorker();
  if (worker === null) return openHere(order);
  try {
    await worker.ask({ open: order }, [], OPENING_TICKS);
    return worker;
  } catch (error) {
    worker.close();
    throw error;
  }
}

/** WebGL draws on a canvas, and not every browser has those in workers, or has them draw in WebGL. */
function needsPage({ backend }: Order): boolean {
  if (typeof Worker === "undefined") return true;
  if (backend !== "webgl") return false;
  return typeof OffscreenCanvas === "undefined" || new OffscreenCanvas(1, 1).getContext("webgl2") === null;
}

/** Its code is downloaded only here: most browsers need it in the worker alone. */
async function openHere(order: Order): Promise<Runner> {
  const { Network } = await import("./network");
  return Network.open(order);
}

/** Null where the browser cannot start it: old ones know no workers made of modules. */
async function startWorker(): Promise<WorkerRunner | null> {
  const worker = new WorkerRunner(new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
  try {
    await worker.started;
    return worker;
  } catch {
    worker.close();
    return null;
  }
}

interface Waiting {
  resolve(answer: Float32Array | null): void;
  reject(problem: Error): void;
}

class WorkerRunner implements Runner {
  readonly started: Promise<unknown>;
  private waiting: Waiting | null = null;
  private timer = 0;

  constructor(private readonly worker: Worker) {
    this.started = this.wait(OPENING_TICKS);
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ("problem" in data) this.fail(data.problem);
      else this.succeed("done" in data ? data.done : null);
    };
    worker.onerror = (event) => this.fail(event.message || "its thread broke down");
  }

  async classify(image: RgbaImage): Promise<Float32Array> {
    const { width, height, data } = image;
    return (await this.ask({ classify: { width, height, data } }, [data.buffer], FRAME_TICKS)) as Float32Array;
  }

  ask(request: Request, given: Transferable[], patienceTicks: number): Promise<Float32Array | null> {
    const answer = this.wait(patienceTicks);
    this.worker.postMessage(request, given);
    return answer;
  }

  close(): void {
    this.worker.terminate();
    this.fail("closed");
  }

  private wait(patienceTicks: number): Promise<Float32Array | null> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      let ticks = 0;
      // Counted, not timed: a tablet that slept for an hour in the middle of a frame has lost no patience.
      this.timer = window.setInterval(() => {
        ticks += 1;
        if (ticks >= patienceTicks) this.fail("does not answer");
      }, TICK_MS);
    });
  }

  private succeed(answer: Float32Array | null): void {
    this.take()?.resolve(answer);
  }

  private fail(problem: string): void {
    this.take()?.reject(new Error(problem));
  }

  private take(): Waiting | null {
    window.clearInterval(this.timer);
    const { waiting } = this;
    this.waiting = null;
    return waiting;
  }
}
