/** How long somebody has been holding something up in vain: then a hint helps, and after that the list. */

export type Phase = "waiting" | "looking" | "hint" | "list";

export const HINT_AFTER_MS = 5000;
export const LIST_AFTER_MS = 10_000;
/** Nothing like a product for so long means that nobody is there any more. */
const GONE_AFTER_MS = 2000;
/** A person who asked and then showed nothing has gone too. */
const ASKED_MS = LIST_AFTER_MS + 2 * GONE_AFTER_MS;

/** A person chose from the list, or was shown it: whatever is held up is looked for no more. */
const ANYTHING = Symbol("anything");

/** Holds no clock of its own: `now` is milliseconds of the caller's. */
export class Search {
  private begunAt: number | null = null;
  private seenAt = 0;
  /** A person asked for it, so it goes on although nothing is seen. */
  private isAsked = false;
  private readonly evidence = new Evidence();
  private done: string | typeof ANYTHING | null = null;
  private doneSeenAt = 0;

  /** A person wants something recognised: they came back from the list. */
  begin(now: number): void {
    this.begunAt = now;
    this.isAsked = true;
    this.done = null;
  }

  /**
   * What the newest frame looks like: a product's label, or null for `unknown`, and how sure that is, 0 to 1.
   *
   * What was found already, or given up, is looked for no more until it has gone.
   */
  see(label: string | null, confidence: number, now: number): void {
    const isThere = this.evidence.add(productShare(label, confidence), now);
    if (isThere && !this.isOver(label, now)) {
      this.begunAt ??= now;
      this.seenAt = now;
    } else if (now - this.seenAt > GONE_AFTER_MS && !(this.isAsked && now - (this.begunAt ?? now) < ASKED_MS)) {
      this.begunAt = null;
      this.isAsked = false;
    }
    if (!isThere && now - this.doneSeenAt > GONE_AFTER_MS) this.done = null;
  }

  /** It was recognised (`label`), or a person chose or is choosing (null). */
  end(label: string | null, now: number): void {
    this.begunAt = null;
    this.isAsked = false;
    this.done = label ?? ANYTHING;
    this.doneSeenAt = now;
  }

  phase(now: number): Phase {
    if (this.begunAt === null) return "waiting";
    const lasted = now - this.begunAt;
    if (lasted >= LIST_AFTER_MS) return "list";
    return lasted >= HINT_AFTER_MS ? "hint" : "looking";
  }

  /** Whether what is there is what needs no help any more, as far as this frame tells. */
  private isOver(label: string | null, now: number): boolean {
    const isOther = label !== null && this.done !== ANYTHING && label !== this.done;
    if (this.done === null || isOther) return false;
    this.doneSeenAt = now;
    return true;
  }
}

/**
 * From so much more of the probability on products than at rest, something is held up. Measured with the shipped
 * bundle (`tests/vectors/search/`): an empty place has 0.04 there, one in thirty more than 0.3, but always the same.
 */
export const SEEN_RISE = 0.25;
/** Over so long it is averaged: a frame or two prove nothing. */
const SMOOTHED_MS = 1000;
/** How soon a place looks empty again, and how slowly what stays there becomes a part of it. */
const FALL_MS = 2000;
const RISE_MS = 90_000;
/** So long a place is looked at first, and so much of a product it may look like: more is something held up already. */
const LEARNT_MS = 3000;
const HIGHEST_REST = 0.5;

/** Whether something like a product is there that was not there before. */
class Evidence {
  private level: number | null = null;
  private rest = 0;
  private at = 0;
  private begunAt = 0;

  /** `share`: how much of a frame's probability is on products. */
  add(share: number, now: number): boolean {
    const lasted = now - this.at;
    this.at = now;
    if (this.level === null) {
      this.level = share;
      this.rest = Math.min(share, HIGHEST_REST);
      this.begunAt = now;
      return false;
    }
    this.level += (share - this.level) * (1 - Math.exp(-lasted / SMOOTHED_MS));
    const isNew = now - this.begunAt < LEARNT_MS;
    const slowness = this.level < this.rest || isNew ? FALL_MS : RISE_MS;
    this.rest += (this.level - this.rest) * (1 - Math.exp(-lasted / slowness));
    if (isNew) this.rest = Math.min(this.rest, HIGHEST_REST);
    return this.level - this.rest >= SEEN_RISE;
  }
}

/** At least so much of the probability is on products; where one leads, `unknown` has no more than the rest. */
function productShare(label: string | null, confidence: number): number {
  return label === null ? 1 - confidence : Math.max(confidence, 1 - confidence);
}
