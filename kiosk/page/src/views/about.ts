/** "About this device": which backend runs, how its self-test came out, how long a frame takes. */

import type { Attempt } from "../engine";
import { make } from "../dom";
import type { GoldenResult } from "../selftest";

/** Frames over which the shown time is taken. */
const WINDOW_FRAMES = 30;

export class About {
  private frameTimes: number[] = [];
  private readonly frame = make("p", "", "No frame yet.");
  private readonly tests = make("div", "", make("p", "", "The self-test has not run yet."));

  constructor(private readonly root: HTMLElement) {
    root.append(this.tests, this.frame);
  }

  /** `attempts` in the order tried; the last is the one in use if it is good. */
  showAttempts(attempts: Attempt[]): void {
    const last = attempts[attempts.length - 1];
    this.root.dataset.backend = last.problem === null ? last.backend : "none";
    this.tests.replaceChildren(...attempts.flatMap(drawAttempt));
  }

  addFrame(frameMs: number): void {
    this.frameTimes = [...this.frameTimes, frameMs].slice(-WINDOW_FRAMES);
    const sorted = [...this.frameTimes].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    this.root.dataset.frameMs = median.toFixed(1);
    this.frame.textContent = `One frame takes ${median.toFixed(0)} ms, from the camera's picture to the vote.`;
  }
}

function drawAttempt(attempt: Attempt): HTMLElement[] {
  const verdict = attempt.problem === null ? "passed its self-test and is in use." : `not used: ${attempt.problem}.`;
  const heading = make("p", "", make("strong", "", attempt.backend), ` ${verdict}`);
  if (attempt.golden.length === 0) return [heading];
  const head = make("tr", "", ...["Picture", "Should be", "Is", "Difference"].map((text) => make("th", "", text)));
  return [heading, make("table", "golden", head, ...attempt.golden.map((result) => drawResult(attempt, result)))];
}

function drawResult(attempt: Attempt, result: GoldenResult): HTMLTableRowElement {
  const cells = [result.image.replace(/^.*\//, ""), result.expected, result.found, result.difference.toFixed(3)];
  const row = make("tr", "", ...cells.map((text) => make("td", "", text)));
  row.dataset.backend = attempt.backend;
  row.dataset.good = String(result.good);
  row.dataset.difference = String(result.difference);
  return row;
}
