import { expect, it } from "vitest";

import { HINT_AFTER_MS, LIST_AFTER_MS, Search } from "../src/search";

/** Shows `label` to a search for so long, a frame every 100 ms; answers with the time afterwards. */
function show(search: Search, label: string | null, from: number, lastsMs: number): number {
  for (let now = from; now < from + lastsMs; now += 100) search.see(label, now);
  return from + lastsMs;
}

it("leaves an empty counter alone", () => {
  const search = new Search();
  expect(search.phase(show(search, null, 0, 60_000))).toBe("waiting");
});

it("gives a hint after 5 seconds and the list after 10", () => {
  const search = new Search();
  show(search, "cola", 0, LIST_AFTER_MS);
  expect(search.phase(HINT_AFTER_MS - 1)).toBe("looking");
  expect(search.phase(HINT_AFTER_MS)).toBe("hint");
  expect(search.phase(LIST_AFTER_MS - 1)).toBe("hint");
  expect(search.phase(LIST_AFTER_MS)).toBe("list");
});

it("helps whoever opened the page, even when nothing like a product is seen", () => {
  const search = new Search();
  search.begin(0);
  expect(search.phase(show(search, null, 0, LIST_AFTER_MS))).toBe("list");
});

it("forgets somebody who has gone", () => {
  const search = new Search();
  const now = show(search, "cola", 0, 4000);
  expect(search.phase(show(search, null, now, 3000))).toBe("waiting");
});

it("does not look for what has been recognised and is still held", () => {
  const search = new Search();
  show(search, "cola", 0, 1000);
  search.end("cola", 1000);
  expect(search.phase(show(search, "cola", 1000, 30_000))).toBe("waiting");
});

it("looks for the next product, and for the same one shown again", () => {
  const search = new Search();
  search.end("cola", 0);
  search.see("crisps", 100);
  expect(search.phase(100 + HINT_AFTER_MS)).toBe("hint");

  const again = new Search();
  again.end("cola", 0);
  const now = show(again, null, 0, 3000);
  again.see("cola", now);
  expect(again.phase(now)).toBe("looking");
});
