/**
 * The vote: when do predictions, one a frame, amount to a recognised product?
 *
 * The same rule as `kiosk/recognition/voting.py`, held to it by the cases in `tests/vectors/voting/`: a product is
 * recognised when the last `votes` predictions all put it first with a confidence of at least `threshold`; from then
 * on it is latched until it has been gone for `release` predictions. `unknown` never becomes a decision.
 */

import { UNKNOWN } from "./bundle";

export interface VotingSettings {
  /** Least confidence of each vote, 0 to 1. */
  threshold: number;
  /** Predictions in a row that must agree. */
  votes: number;
  /** Predictions for which a decided product must be gone before anything is decided again. */
  release: number;
}

/** A product was recognised, once for this presentation. */
export interface Decision {
  label: string;
  /** Mean confidence of the votes, 0 to 1. */
  confidence: number;
  votes: number;
}

/** Feed it the best label of each prediction in turn; it answers with a decision now and then. */
export class Voter {
  private runLabel = UNKNOWN;
  private runLength = 0;
  private confidences: number[] = [];
  private latched: string | null = null;
  private gone = 0;

  constructor(private readonly settings: VotingSettings) {}

  update(label: string, confidence: number): Decision | null {
    this.extendRun(label, confidence);
    const confirmed = this.runLength >= this.settings.votes;
    if (this.latched !== null && this.hasGone(label, confirmed)) this.latched = null;
    if (!confirmed || this.latched !== null) return null;
    this.latched = label;
    this.gone = 0;
    const sum = this.confidences.reduce((total, one) => total + one, 0);
    return { label, confidence: sum / this.confidences.length, votes: this.settings.votes };
  }

  private extendRun(label: string, confidence: number): void {
    if (label === UNKNOWN || confidence < this.settings.threshold) {
      this.runLabel = UNKNOWN;
      this.runLength = 0;
      return;
    }
    if (label !== this.runLabel) {
      this.runLabel = label;
      this.runLength = 0;
    }
    this.runLength += 1;
    this.confidences = [...this.confidences, confidence].slice(-this.settings.votes);
  }

  private hasGone(label: string, confirmed: boolean): boolean {
    if (label === this.latched) this.gone = 0;
    else if (label === UNKNOWN) this.gone += 1;
    else if (confirmed) this.gone += this.runLength === this.settings.votes ? this.settings.votes : 1;
    return this.gone >= this.settings.release;
  }
}
