import { expect, it } from "vitest";

import { checkManifest } from "../src/bundle";

function manifest(): Record<string, unknown> {
  return {
    format: 1,
    id: "demo",
    labels: [
      { id: "unknown", name: "Unknown", price_pence: null },
      { id: "cola", name: "Cola", price_pence: 85 },
    ],
    preprocessing: { crop: "centre-square", resize: "area", size_px: 160, colour_order: "RGB", value_range: [0, 255] },
    golden: [{ image: "golden/1.png", label: "cola", float_probabilities: [0.1, 0.9] }],
  };
}

it("takes a manifest as the trainer writes it", () => {
  expect(checkManifest(manifest()).id).toBe("demo");
});

it.each([
  ["another format", { format: 2 }, "format 2"],
  ["another colour order", { preprocessing: { ...(manifest().preprocessing as object), colour_order: "BGR" } }, "BGR"],
  ["another range", { preprocessing: { ...(manifest().preprocessing as object), value_range: [0, 1] } }, "[0,1]"],
  ["no unknown", { labels: [{ id: "cola", name: "Cola", price_pence: 85 }] }, "unknown"],
  ["golden images of another model", { golden: [{ image: "a", label: "b", float_probabilities: [1] }] }, "golden"],
  ["no golden images", { golden: [] }, "golden"],
])("refuses %s, naming it", (_name, change, message) => {
  expect(() => checkManifest({ ...manifest(), ...change })).toThrow(message);
});

it("refuses what is no manifest at all", () => {
  expect(() => checkManifest("hello")).toThrow("not an object");
  expect(() => checkManifest(null)).toThrow("not an object");
});
