/** What the last frames looked like, for the moment when somebody says that it was something else. */

import { UNKNOWN } from "./bundle";

export interface Guess {
  label: string;
  /** 0 to 1. */
  confidence: number;
}

const KEPT_MS = 3000;

export class GuessMemory {
  private frames: { at: number; guesses: readonly Guess[] }[] = [];

  /** The guesses at one frame, seen at `at` (milliseconds of any clock). */
  add(guesses: readonly Guess[], at: number): void {
    this.frames = [...this.frames.filter((frame) => at - frame.at < KEPT_MS), { at, guesses }];
  }

  /** The labels of the `count` best products of the last frames, best first, without `except`. */
  best(count: number, except: string | null = null): string[] {
    const sums = new Map<string, number>();
    for (const { label, confidence } of this.frames.flatMap((frame) => frame.guesses)) {
      if (label !== UNKNOWN && label !== except) sums.set(label, (sums.get(label) ?? 0) + confidence);
    }
    return [...sums].sort((a, b) => b[1] - a[1]).slice(0, count).map(([label]) => label);
  }

  forget(): void {
    this.frames = [];
  }
}
