/** How long somebody has been holding something up in vain: then a hint helps, and after that the list. */

export type Phase = "waiting" | "looking" | "hint" | "list";

export const HINT_AFTER_MS = 5000;
export const LIST_AFTER_MS = 10_000;
/** Nothing like a product for so long means that nobody is there any more. */
const GONE_AFTER_MS = 2000;

/** Holds no clock of its own: `now` is milliseconds of the caller's. */
export class Search {
  private begunAt: number | null = null;
  private seenAt = 0;
  /** A person asked for it, so it goes on although nothing is seen. */
  private isAsked = false;
  private done: string | null = null;
  private doneSeenAt = 0;

  /** A person wants something recognised: the page was opened, or they came back from the list. */
  begin(now: number): void {
    this.begunAt = now;
    this.isAsked = true;
  }

  /** What the newest frame looks like: a product's label, or null. What was found already is looked for no more. */
  see(label: string | null, now: number): void {
    if (label !== null && label === this.done) this.doneSeenAt = now;
    else if (now - this.doneSeenAt > GONE_AFTER_MS) this.done = null;
    if (label !== null && label !== this.done) {
      this.begunAt ??= now;
      this.seenAt = now;
    } else if (!this.isAsked && now - this.seenAt > GONE_AFTER_MS) {
      this.begunAt = null;
    }
  }

  /** It was recognised (`label`), or a person chose (null). */
  end(label: string | null, now: number): void {
    this.begunAt = null;
    this.isAsked = false;
    this.done = label;
    this.doneSeenAt = now;
  }

  phase(now: number): Phase {
    if (this.begunAt === null) return "waiting";
    const lasted = now - this.begunAt;
    if (lasted >= LIST_AFTER_MS) return "list";
    return lasted >= HINT_AFTER_MS ? "hint" : "looking";
  }
}
