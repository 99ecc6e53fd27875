import { expect, it } from "vitest";

import { GuessMemory } from "../src/guesses";

const frame = (...guesses: [string, number][]) => guesses.map(([label, confidence]) => ({ label, confidence }));

it("names the best of the last frames, never `unknown` and never what it was not", () => {
  const memory = new GuessMemory();
  memory.add(frame(["cola", 0.8], ["lemonade", 0.1], ["unknown", 0.1]), 0);
  memory.add(frame(["cola", 0.6], ["crisps", 0.3], ["lemonade", 0.05]), 100);
  expect(memory.best(3, "cola")).toEqual(["crisps", "lemonade"]);
  expect(memory.best(1)).toEqual(["cola"]);
});

it("forgets what is no longer before the camera", () => {
  const memory = new GuessMemory();
  memory.add(frame(["cola", 0.9]), 0);
  memory.add(frame(["crisps", 0.9]), 10_000);
  expect(memory.best(3)).toEqual(["crisps"]);
});
