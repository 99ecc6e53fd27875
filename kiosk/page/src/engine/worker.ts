/** The network in a thread of its own, so that the page stays quick while it computes. One request at a time. */

import type { RgbaImage } from "../preprocess";
import type { Network, Order } from "./network";

export type Request = { open: Order } | { classify: RgbaImage };
/** `started` comes once, unasked, when the thread is there. */
export type Answer = { started: true } | { done: Float32Array | null } | { problem: string };

let network: Network | null = null;

async function serve(request: Request): Promise<Float32Array | null> {
  if ("open" in request) {
    // tfjs' parts share code. Were any of it in this file, WebKit would run the file again for each of them.
    const { Network } = await import("./network");
    network = await Network.open(request.open);
    return null;
  }
  if (network === null) throw new Error("asked before it was opened");
  return network.classify(request.classify);
}

function answer(what: Answer): void {
  postMessage(what);
}

onmessage = ({ data }: MessageEvent<Request>) => {
  serve(data).then(
    (done) => answer({ done }),
    // tfjs rejects with things that are no errors, too.
    (error: unknown) => answer({ problem: messageOf(error) }),
  );
};

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" ? message : String(error);
}

answer({ started: true });
