import { expect, it } from "vitest";

import { matches } from "../src/views/productlist";
import { hueOf, initialsOf } from "../src/views/tile";

it.each([
  ["Fizzo Cola", "col", true],
  ["Fizzo Cola", "cola fiz", true],
  ["Café Crème", "creme", true],
  ["Fizzo Cola", "", true],
  ["Fizzo Cola", "tea", false],
])("finds %s by “%s”: %s", (name, wanted, found) => {
  expect(matches(name, wanted)).toBe(found);
});

it.each([
  ["Fizzo Cola", "FC"],
  ["Twix", "T"],
  ["Äpfel & Birnen", "ÄB"],
  ["7 Up", "7U"],
  ["", ""],
])("abbreviates %s as %s", (name, initials) => {
  expect(initialsOf(name)).toBe(initials);
});

it("gives each label one of eight colours, always the same", () => {
  const hues = Array.from({ length: 200 }, (_, number) => hueOf(`label-${number}`));
  expect(new Set(hues).size).toBe(8);
  expect(hueOf("cola")).toBe(hueOf("cola"));
});
