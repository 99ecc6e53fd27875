import { expect, test } from "vitest";

import { lengthOf } from "../src/views/salecard";

test("a name is set the smaller the longer it is, counted as people count", () => {
  expect(lengthOf("Fizzo Cola")).toBe("short");
  expect(lengthOf("Fruttili Smoothie Strawberries")).toBe("long");
  expect(lengthOf("Schwarzwälder Kirschwasser-Trüffelpralinen, dunkel")).toBe("very-long");
  expect(lengthOf("🍏".repeat(20))).toBe("short");
});
