import { describe, expect, it } from "vitest";

import vectors from "../../../tests/vectors/search/scenes.json";
import { HINT_AFTER_MS, LIST_AFTER_MS, Search, SEEN_RISE, type Phase } from "../src/search";

type Frame = [label: string | null, confidence: number];

interface Scene {
  name: string;
  held: boolean;
  frames: Frame[];
}

const VECTORS = vectors as { seen_rise: number; frames_per_second: number; scenes: Scene[] };
const EMPTY: Frame[] = [[null, 0.96]];
const COLA: Frame[] = [["cola", 0.6]];
const STEP_MS = 100;

/** Shows these frames, over and over, from `from` on for so long; the phases that were reached on the way. */
function show(search: Search, frames: Frame[], from: number, lastsMs: number, stepMs = STEP_MS): Set<Phase> {
  const phases = new Set<Phase>();
  for (let step = 0; step * stepMs < lastsMs; step += 1) {
    const now = from + step * stepMs;
    search.see(...frames[step % frames.length], now);
    phases.add(search.phase(now));
  }
  return phases;
}

/** A search that has looked at an empty place for ten seconds. */
function rested(): Search {
  const search = new Search();
  show(search, EMPTY, 0, 10_000);
  return search;
}
const RESTED_MS = 10_000;

describe("what the shipped bundle says", () => {
  const stepMs = 1000 / VECTORS.frames_per_second;

  it("is read with the same measure here and there", () => {
    expect(VECTORS.seen_rise).toBe(SEEN_RISE);
  });

  it.each(VECTORS.scenes.filter(({ held }) => !held))("of $name starts no search", ({ frames }) => {
    expect(show(new Search(), frames, 0, 120_000, stepMs)).toEqual(new Set(["waiting"]));
  });

  it.each(VECTORS.scenes.filter(({ held }) => held))("of $name brings the hint and the list", ({ frames }) => {
    const phases = show(rested(), frames, RESTED_MS, LIST_AFTER_MS + 3000, stepMs);
    expect([...phases]).toEqual(["waiting", "looking", "hint", "list"]);
  });
});

it("gives a hint after 5 seconds and the list after 10, from when something is there", () => {
  const search = rested();
  let now = RESTED_MS;
  for (; search.phase(now) === "waiting"; now += STEP_MS) search.see("cola", 0.6, now);
  const begunAt = now - STEP_MS;
  expect(begunAt - RESTED_MS).toBeLessThan(1000);
  show(search, COLA, now, LIST_AFTER_MS);
  expect(search.phase(begunAt + HINT_AFTER_MS - 1)).toBe("looking");
  expect(search.phase(begunAt + HINT_AFTER_MS)).toBe("hint");
  expect(search.phase(begunAt + LIST_AFTER_MS - 1)).toBe("hint");
  expect(search.phase(begunAt + LIST_AFTER_MS)).toBe("list");
});

it("takes no single frame for somebody", () => {
  const search = rested();
  search.see("cola", 0.99, RESTED_MS);
  search.see(null, 0.96, RESTED_MS + 66);
  expect(show(search, EMPTY, RESTED_MS + 132, 20_000)).toEqual(new Set(["waiting"]));
});

it("starts nothing when the page is opened on a place that looks a little like something", () => {
  expect(show(new Search(), COLA, 0, 60_000)).toEqual(new Set(["waiting"]));
});

it("helps whoever holds something up already when the page is opened", () => {
  expect([...show(new Search(), [["cola", 0.9]], 0, LIST_AFTER_MS + 2000)]).toEqual(["waiting", "looking", "hint", "list"]);
});

it("helps whoever came back from the list, even when nothing like a product is seen, and then lets them go", () => {
  const search = rested();
  search.begin(RESTED_MS);
  expect([...show(search, EMPTY, RESTED_MS, 30_000)]).toEqual(["looking", "hint", "list", "waiting"]);
});

it("forgets somebody who has gone", () => {
  const search = rested();
  show(search, COLA, RESTED_MS, 4000);
  show(search, EMPTY, RESTED_MS + 4000, 4000);
  expect(show(search, EMPTY, RESTED_MS + 8000, 20_000)).toEqual(new Set(["waiting"]));
});

it("does not look for what has been recognised and is still held, however unclear by now", () => {
  const search = rested();
  show(search, COLA, RESTED_MS, 1000);
  search.end("cola", RESTED_MS + 1000);
  const held: Frame[] = [...COLA, [null, 0.5]];
  expect(show(search, held, RESTED_MS + 1000, 30_000)).toEqual(new Set(["waiting"]));
});

it("looks for the next product, and for the same one shown again", () => {
  const search = rested();
  search.end("cola", RESTED_MS);
  expect(show(search, [["crisps", 0.6]], RESTED_MS, HINT_AFTER_MS + 1000)).toContain("hint");

  const again = rested();
  again.end("cola", RESTED_MS);
  show(again, EMPTY, RESTED_MS, 4000);
  expect(show(again, COLA, RESTED_MS + 4000, 2000)).toContain("looking");
});

it("does not open the list again and again for something that stays there", () => {
  const search = rested();
  expect(show(search, COLA, RESTED_MS, LIST_AFTER_MS + 1000)).toContain("list");
  search.end(null, RESTED_MS + LIST_AFTER_MS + 1000);
  expect(show(search, COLA, RESTED_MS + LIST_AFTER_MS + 1000, 600_000)).toEqual(new Set(["waiting"]));
});

it("sees what is held up before something that has stayed there", () => {
  const search = rested();
  const there: Frame[] = [[null, 0.6]];
  search.end(null, RESTED_MS);
  show(search, there, RESTED_MS, 600_000);
  expect(show(search, [["cola", 0.8]], RESTED_MS + 600_000, LIST_AFTER_MS + 2000)).toContain("list");
});
