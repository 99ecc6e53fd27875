/** How long something can still be undone: a number on its button, and a bar that runs out. */

import { make } from "../dom";

const STEP_MS = 250;

export class Countdown {
  readonly number = make("span", "countdown");
  private timer = 0;
  private longestMs = 1;

  constructor(private readonly bar: HTMLElement) {
    this.number.setAttribute("aria-hidden", "true");
    this.stop();
  }

  /** Runs for `leftMs`; `over` is called at its end, unless it is stopped before. */
  start(leftMs: number, over: () => void): void {
    window.clearTimeout(this.timer);
    if (this.bar.hidden) this.longestMs = Math.max(leftMs, 1);
    this.bar.hidden = false;
    const endsAt = performance.now() + leftMs;
    const step = (): void => {
      const now = Math.max(endsAt - performance.now(), 0);
      this.show(now);
      if (now > 0) this.timer = window.setTimeout(step, STEP_MS);
      else over();
    };
    step();
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.bar.hidden = true;
  }

  private show(leftMs: number): void {
    const seconds = Math.ceil(leftMs / 1000);
    this.number.textContent = String(seconds);
    this.bar.style.setProperty("--left", String(Math.min(leftMs / this.longestMs, 1)));
  }
}
