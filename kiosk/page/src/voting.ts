/**
 * The vote: when do predictions, one a frame, amount to a recognised product?
 *
 * The same rules as `kiosk/recognition/voting.py`, which explains them, held to it by the cases in
 * `tests/vectors/voting/`. By `each` the last `votes` predictions must all put the product first, each with at least
 * `threshold`; by `duel` their geometric mean must give it at least that share against its strongest rival. From then
 * on it is latched until it has been gone for `release` predictions. `unknown` never becomes a decision.
 */

import { UNKNOWN } from "./bundle";

export interface VotingSettings {
  /** Least confidence, of each vote or of all together, 0 to 1. */
  threshold: number;
  /** Predictions in a row that are looked at. */
  votes: number;
  /** Predictions for which a decided product must be gone before anything is decided again. */
  release: number;
  /** What the votes must amount to. */
  rule: "each" | "duel";
  /** Products that need a higher confidence than `threshold`, and which. */
  stricter: Record<string, number>;
}

/** A product was recognised, once for this presentation. */
export interface Decision {
  label: string;
  /** 0 to 1: by `each` the mean confidence of the votes, by `duel` the share against the strongest rival. */
  confidence: number;
  votes: number;
}

/** What the last votes speak for. */
interface Evidence {
  label: string;
  /** What is held against the threshold, 0 to 1. */
  strength: number;
  /** What a decision would say of itself, 0 to 1. */
  confidence: number;
}

/** What the last predictions amount to. Holds the window. */
interface Rule {
  /** Takes the next prediction; null while the window is not full, or speaks for nothing. */
  update(probabilities: ArrayLike<number>): Evidence | null;
}

/** What a probability of nothing counts as in a duel: half the smallest step of the device's network. */
const LEAST_PROBABILITY = 1 / 512;

class Each implements Rule {
  private label = UNKNOWN;
  private confidences: number[] = [];

  constructor(
    private readonly labels: readonly string[],
    private readonly votes: number,
  ) {}

  update(probabilities: ArrayLike<number>): Evidence | null {
    const [best] = bestTwo(probabilities);
    const label = this.labels[best];
    if (label !== this.label) this.confidences = [];
    this.label = label;
    this.confidences = [...this.confidences, probabilities[best]].slice(-this.votes);
    if (label === UNKNOWN || this.confidences.length < this.votes) return null;
    const sum = this.confidences.reduce((total, one) => total + one, 0);
    return { label, strength: Math.min(...this.confidences), confidence: sum / this.votes };
  }
}

class Duel implements Rule {
  private logarithms: Float64Array[] = [];

  constructor(
    private readonly labels: readonly string[],
    private readonly votes: number,
  ) {}

  update(probabilities: ArrayLike<number>): Evidence | null {
    const newest = Float64Array.from(probabilities, (one) => Math.log(Math.max(one, LEAST_PROBABILITY)));
    this.logarithms = [...this.logarithms, newest].slice(-this.votes);
    if (this.logarithms.length < this.votes) return null;
    const means = newest.map((_, index) => this.logarithms.reduce((sum, one) => sum + one[index], 0) / this.votes);
    const [best, rival] = bestTwo(means);
    if (this.labels[best] === UNKNOWN) return null;
    const share = 1 / (1 + Math.exp(means[rival] - means[best]));
    return { label: this.labels[best], strength: share, confidence: share };
  }
}

const RULES = { each: Each, duel: Duel };

/** Makes evidence a decision, once for each presentation. */
class Latch {
  private latched: string | null = null;
  private confirmed: string | null = null;
  private gone = 0;
  private readonly stricter: Map<string, number>;

  constructor(private readonly settings: VotingSettings) {
    this.stricter = new Map(Object.entries(settings.stricter));
  }

  update(first: string, evidence: Evidence | null): Decision | null {
    const before = this.confirmed;
    this.confirmed = evidence !== null && this.isEnough(evidence) ? evidence.label : null;
    if (this.latched !== null && this.hasGone(this.latched, first, before)) this.latched = null;
    if (evidence === null || this.confirmed === null || this.latched !== null) return null;
    this.latched = this.confirmed;
    this.gone = 0;
    return { label: evidence.label, confidence: evidence.confidence, votes: this.settings.votes };
  }

  get isFree(): boolean {
    return this.latched === null;
  }

  private isEnough({ label, strength }: Evidence): boolean {
    return strength >= Math.max(this.settings.threshold, this.stricter.get(label) ?? 0);
  }

  private hasGone(latched: string, first: string, confirmedBefore: string | null): boolean {
    if (latched === first || latched === this.confirmed) this.gone = 0;
    else if (first === UNKNOWN) this.gone += 1;
    else if (this.confirmed !== null) this.gone += this.confirmed === confirmedBefore ? 1 : this.settings.votes;
    return this.gone >= this.settings.release;
  }
}

/** Feed it each prediction's probabilities, in the order of `labels`; it answers with a decision now and then. */
export class Voter {
  private readonly rule: Rule;
  private readonly latch: Latch;

  constructor(
    private readonly labels: readonly string[],
    settings: VotingSettings,
  ) {
    this.rule = new RULES[settings.rule](labels, settings.votes);
    this.latch = new Latch(settings);
  }

  /** Whether what was decided last has gone. */
  get isFree(): boolean {
    return this.latch.isFree;
  }

  update(probabilities: ArrayLike<number>): Decision | null {
    const evidence = this.rule.update(probabilities);
    return this.latch.update(this.labels[bestTwo(probabilities)[0]], evidence);
  }
}

/** Where the two highest values stand; of equals the first. */
function bestTwo(values: ArrayLike<number>): [number, number] {
  let [best, second] = values[1] > values[0] ? [1, 0] : [0, 1];
  for (let index = 2; index < values.length; index++) {
    if (values[index] > values[best]) [best, second] = [index, best];
    else if (values[index] > values[second]) second = index;
  }
  return [best, second];
}
