import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { LivePicture } from "../src/views/livepicture";
import { eventually } from "./eventually";

/** What the kiosk answers; null hangs until it is given up. */
let answer: Response | null;
let givenUp: number;
let image: { hidden: boolean; src: string };

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("fetch", (_path: string, { signal }: { signal?: AbortSignal } = {}) => {
    if (answer !== null) return Promise.resolve(answer.clone());
    return new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => {
        givenUp += 1;
        reject(signal.reason as Error);
      });
    });
  });
  answer = new Response("picture");
  givenUp = 0;
  image = { hidden: false, src: "" };
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function shown(): Promise<LivePicture> {
  const picture = new LivePicture(image as HTMLImageElement);
  picture.want(true);
  await eventually(() => expect(image.hidden).toBe(false));
  return picture;
}

it("shows no old picture when the kiosk hangs", async () => {
  const picture = await shown();
  answer = null;
  await vi.advanceTimersByTimeAsync(5000);
  expect(image.hidden).toBe(true);
  answer = new Response("picture");
  await vi.advanceTimersByTimeAsync(5000);
  expect(image.hidden).toBe(false);
  picture.want(false);
});

it("hides the picture at once when there is nothing to see any more, and waits for none", async () => {
  const picture = await shown();
  answer = null;
  await vi.advanceTimersByTimeAsync(500);
  picture.want(false);
  expect([image.hidden, givenUp]).toEqual([true, 1]);
  await vi.advanceTimersByTimeAsync(5000);
  expect(image.hidden).toBe(true);
});
