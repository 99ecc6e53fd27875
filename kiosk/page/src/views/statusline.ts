/** One line that says honestly how the kiosk is. */

import type { Health } from "../api";

/** A sale that waits longer than this is worth a word. */
const LONG_WAIT_SECONDS = 60;

export class StatusLine {
  constructor(private readonly root: HTMLElement) {
    this.show("waiting", "Connecting to the kiosk …");
  }

  showLost(): void {
    this.show("bad", "No connection to the kiosk. Trying again …");
  }

  showHealth(health: Health): void {
    const troubles = findTroubles(health);
    if (troubles.length > 0) this.show("bad", troubles.join(" "));
    else this.show("good", `Camera ${health.camera.name} · till ${health.till.name} · model ${health.bundle}`);
  }

  private show(mood: "good" | "bad" | "waiting", text: string): void {
    this.root.dataset.mood = mood;
    this.root.textContent = text;
  }
}

/** What a person should know, a sentence each; empty when all is well. */
export function findTroubles({ status, camera, outbox }: Health): string[] {
  const troubles: string[] = [];
  if (!outbox.usable) {
    troubles.push("The kiosk cannot keep sales just now and takes none: please use the list on paper.");
  }
  if (!camera.live) {
    const why = camera.detail === null ? "" : ` (${camera.detail})`;
    troubles.push(`The kiosk's camera gives no pictures${why}. The tablet page has a camera and a list of its own.`);
  }
  if (outbox.pending > 0 && outbox.oldest_age_seconds > LONG_WAIT_SECONDS) {
    const count = outbox.pending === 1 ? "One sale is" : `${outbox.pending} sales are`;
    troubles.push(`${count} waiting for the till; nothing is lost.`);
  }
  if (status !== "ok" && troubles.length === 0) troubles.push("Something on the kiosk needs a look.");
  return troubles;
}
