import { describe, expect, it } from "vitest";

import { Voter, type VotingSettings } from "../src/voting";

interface Table {
  settings: VotingSettings;
  cases: { name: string; predictions: [string, number][]; decisions: [number, string][] }[];
}

const tables = import.meta.glob<Table>("../../../tests/vectors/voting/*.json", { eager: true, import: "default" });

describe.each(Object.entries(tables))("%s", (_path, { settings, cases }) => {
  it.each(cases)("$name", ({ predictions, decisions }) => {
    const voter = new Voter(settings);
    const found = predictions.flatMap(([label, confidence], index) => {
      const decision = voter.update(label, confidence);
      return decision === null ? [] : [[index, decision.label]];
    });
    expect(found).toEqual(decisions);
  });
});

it("finds the tables", () => {
  expect(Object.keys(tables).length).toBeGreaterThanOrEqual(3);
});

it("gives the mean of the votes as the confidence of a decision", () => {
  const voter = new Voter({ threshold: 0.8, votes: 3, release: 3 });
  const decisions = [0.99, 0.1, 0.8, 0.9, 1.0].map((confidence) => voter.update("a", confidence));
  expect(decisions[4]?.confidence).toBeCloseTo(0.9);
  expect(decisions[4]?.votes).toBe(3);
});
