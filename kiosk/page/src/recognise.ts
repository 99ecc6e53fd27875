/** The tablet's loop: newest frame, network, vote. One frame at a time, so nothing ever queues up. */

import { UNKNOWN, type Label, type Manifest } from "./bundle";
import { FrameReader, nextFrame } from "./camera";
import type { Engine } from "./engine";
import { Preprocessor } from "./preprocess";
import { bestIndex } from "./selftest";
import type { Decision, Voter } from "./voting";

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
  seen(what: Seen): void;
  decided(decision: Decision): void;
}

/** Runs until `signal` aborts. Rejects when the network fails on the way. */
export async function recognise(
  video: HTMLVideoElement,
  engine: Engine,
  manifest: Manifest,
  voter: Voter,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  const frames = new FrameReader(video);
  const preprocessor = new Preprocessor(manifest.preprocessing.size_px);
  while (!signal.aborted) {
    await nextFrame(video);
    const began = performance.now();
    const probabilities = await engine.classify(preprocessor.run(frames.read()));
    const best = bestIndex(probabilities);
    const label = manifest.labels[best];
    const confidence = probabilities[best];
    const decision = voter.update(probabilities);
    const frameMs = performance.now() - began;
    listener.seen({ product: label.id === UNKNOWN ? null : label, confidence, frameMs });
    if (decision !== null) listener.decided(decision);
    await pause(SHORTEST_FRAME_MS - frameMs);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(milliseconds, 0)));
}
