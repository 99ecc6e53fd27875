import { expect, it } from "vitest";

import type { Golden, Manifest } from "../src/bundle";
import { bestIndex, compare } from "../src/engine/selftest";

const golden: Golden = { image: "golden/1.png", label: "cola", float_probabilities: [0.1, 0.85, 0.05] };
const manifest = {
  labels: ["unknown", "cola", "crisps"].map((id) => ({ id, name: id, price_pence: null })),
} as Manifest;

it("is good when the label is the same and every probability within 0.1", () => {
  expect(compare(manifest, golden, [0.15, 0.77, 0.08])).toMatchObject({ good: true, found: "cola" });
});

it("is bad when a probability is further off, though the label is the same", () => {
  expect(compare(manifest, golden, [0.25, 0.7, 0.05])).toMatchObject({ good: false, found: "cola" });
});

it("is bad when another label comes first, though every probability is within 0.1", () => {
  const close: Golden = { ...golden, float_probabilities: [0.05, 0.49, 0.46] };
  expect(compare(manifest, close, [0.05, 0.46, 0.49])).toMatchObject({ good: false, found: "crisps" });
});

it("is bad when the network answers with no numbers", () => {
  expect(compare(manifest, golden, [NaN, NaN, NaN]).good).toBe(false);
});

it("takes the first of equals as best", () => {
  expect(bestIndex([0.2, 0.4, 0.4])).toBe(1);
});
