/** "About this device": which backends were tried, how each did, how long a frame takes. */

import { make, write } from "../dom";
import type { BackendName } from "../engine/backends";
import type { Attempt } from "../engine/engine";
import type { GoldenResult } from "../engine/selftest";
import { text, type Key } from "../texts";

/** Frames over which the shown time is taken. */
const WINDOW_FRAMES = 30;
const COLUMNS: Key[] = ["about_picture", "about_expected", "about_found", "about_difference"];

export class About {
  private frameTimes: number[] = [];
  private readonly problem = make("p");
  private readonly frame = make("p", "", text("about_no_frame"));
  private readonly tests = make("div", "", make("p", "", text("about_no_test")));

  constructor(private readonly root: HTMLElement) {
    root.append(this.problem, this.tests, this.frame);
  }

  /** `attempts` in the order tried. */
  showAttempts(attempts: Attempt[], inUse: BackendName | null): void {
    this.root.dataset.backend = inUse ?? "none";
    this.problem.textContent = "";
    this.tests.replaceChildren(...attempts.flatMap((attempt) => drawAttempt(attempt, attempt.backend === inUse)));
  }

  /** Why a newer model is not in use. */
  showProblem(message: string): void {
    this.problem.textContent = text("about_not_taken", { message });
  }

  /** `bundle`: the id of the one in use. */
  addFrame(bundle: string, frameMs: number): void {
    this.frameTimes = [...this.frameTimes, frameMs].slice(-WINDOW_FRAMES);
    const sorted = [...this.frameTimes].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    this.root.dataset.frameMs = median.toFixed(2);
    this.root.dataset.bundle = bundle;
    this.root.dataset.frames = String(Number(this.root.dataset.frames ?? 0) + 1);
    write(this.frame, text("about_frame", { bundle, ms: median.toFixed(0) }));
  }
}

function drawAttempt(attempt: Attempt, isInUse: boolean): HTMLElement[] {
  const heading = make("p", "", make("strong", "", attempt.backend), ` ${verdict(attempt, isInUse)}`);
  heading.dataset.attempt = attempt.backend;
  heading.dataset.good = String(attempt.problem === null);
  if (attempt.golden.length === 0) return [heading];
  const head = make("tr", "", ...COLUMNS.map((key) => make("th", "", text(key))));
  return [heading, make("table", "golden", head, ...attempt.golden.map((result) => drawResult(attempt, result)))];
}

function verdict({ problem, frameMs }: Attempt, isInUse: boolean): string {
  if (problem !== null) return text("about_bad", { problem });
  return text(isInUse ? "about_in_use" : "about_good", { ms: (frameMs ?? 0).toFixed(0) });
}

function drawResult(attempt: Attempt, result: GoldenResult): HTMLTableRowElement {
  const cells = [result.image.replace(/^.*\//, ""), result.expected, result.found, result.difference.toFixed(3)];
  const row = make("tr", "", ...cells.map((text) => make("td", "", text)));
  row.dataset.backend = attempt.backend;
  row.dataset.good = String(result.good);
  row.dataset.difference = String(result.difference);
  return row;
}
