/** The tablet's loop: newest frame, network, vote. One frame at a time, so nothing ever queues up. */

import { UNKNOWN, type Label } from "./bundle";
import type { Camera } from "./camera";
import { bestIndex } from "./engine/selftest";
import type { Model } from "./model";
import type { Decision } from "./voting";

/** Fifteen frames a second are as many as the vote is tuned for; more would only make the tablet hot. */
const SHORTEST_FRAME_MS = 1000 / 15;

export interface Seen {
  /** The best label; null when it is `unknown`. */
  product: Label | null;
  confidence: number;
  /** From the frame's pixels to the vote. */
  frameMs: number;
}

export interface Listener {
  /** `probabilities` in the order of the model's labels. */
  seen(what: Seen, probabilities: Float32Array): void;
  decided(decision: Decision): void;
}

export class Recognition {
  private next: Model | null = null;

  constructor(
    private readonly camera: Camera,
    private model: Model,
    private readonly listener: Listener,
  ) {}

  /** The bundle in use. */
  get manifest(): Model["manifest"] {
    return this.model.manifest;
  }

  /** Goes over to another model once what was bought last has gone: the other's vote would buy it again. */
  replace(model: Model): void {
    this.next?.engine.close();
    this.next = model;
  }

  /** Runs until `signal` aborts; rests while nobody can see the page. Rejects when the network fails for good. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await untilVisible();
      await this.camera.nextFrame(signal);
      if (signal.aborted) return;
      const frameMs = await this.takeFrame();
      await pause(SHORTEST_FRAME_MS - frameMs);
    }
  }

  private async takeFrame(): Promise<number> {
    const { engine, manifest, voter } = this.model;
    const began = performance.now();
    const probabilities = await engine.classify(await this.camera.read());
    if (probabilities === null) return performance.now() - began;
    const decision = voter.update(probabilities);
    const frameMs = performance.now() - began;
    const best = bestIndex(probabilities);
    const label = manifest.labels[best];
    const product = label.id === UNKNOWN ? null : label;
    this.listener.seen({ product, confidence: probabilities[best], frameMs }, probabilities);
    if (decision !== null) this.listener.decided(decision);
    else if (product === null && voter.isFree) this.goOver();
    return frameMs;
  }

  private goOver(): void {
    if (this.next === null) return;
    this.model.engine.close();
    this.model = this.next;
    this.next = null;
  }
}

function untilVisible(): Promise<void> {
  if (document.visibilityState === "visible") return Promise.resolve();
  return new Promise<void>((resolve) => {
    document.addEventListener("visibilitychange", () => resolve(), { once: true });
  }).then(untilVisible);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(milliseconds, 0)));
}
