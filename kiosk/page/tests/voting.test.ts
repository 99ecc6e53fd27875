import { describe, expect, it } from "vitest";

import { Voter, type VotingSettings } from "../src/voting";

/** A label that came first with its confidence, or each label's probability. */
type Tabled = [string, number] | Record<string, number>;

interface Table {
  settings: Partial<VotingSettings>;
  cases: { name: string; predictions: Tabled[]; decisions: [number, string][] }[];
}

const LABELS = ["unknown", "a", "b", "c"];
const DEFAULTS: VotingSettings = { threshold: 0.8, votes: 3, release: 3, rule: "each", stricter: {} };

const tables = import.meta.glob<Table>("../../../tests/vectors/voting/*.json", { eager: true, import: "default" });

/** Probabilities in the order of the labels; the rest is spread so thin that it never wins. */
function probabilities(tabled: Tabled): number[] {
  if (!Array.isArray(tabled)) return LABELS.map((label) => tabled[label] ?? 0);
  const [first, confidence] = tabled;
  return LABELS.map((label) => (label === first ? confidence : Math.min(confidence, 1 - confidence) / 100));
}

describe.each(Object.entries(tables))("%s", (_path, { settings, cases }) => {
  it.each(cases)("$name", ({ predictions, decisions }) => {
    const voter = new Voter(LABELS, { ...DEFAULTS, ...settings });
    const found = predictions.flatMap((tabled, index) => {
      const decision = voter.update(probabilities(tabled));
      return decision === null ? [] : [[index, decision.label]];
    });
    expect(found).toEqual(decisions);
  });
});

it("finds the tables", () => {
  expect(Object.keys(tables).length).toBeGreaterThanOrEqual(6);
});

it("gives the mean of the votes as the confidence of a decision by each", () => {
  const voter = new Voter(LABELS, DEFAULTS);
  const decisions = [0.99, 0.1, 0.8, 0.9, 1.0].map((sure) => voter.update(probabilities(["a", sure])));
  expect(decisions[4]?.confidence).toBeCloseTo(0.9);
  expect(decisions[4]?.votes).toBe(3);
});

it("gives the share against the strongest rival as the confidence of a decision by duel", () => {
  const voter = new Voter(LABELS, { ...DEFAULTS, votes: 1, rule: "duel" });
  expect(voter.update([0.02, 0.6, 0.1, 0.05])?.confidence).toBeCloseTo(0.6 / 0.7);
});
