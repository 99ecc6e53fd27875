/** One line that says honestly how the kiosk is. */

import type { Health } from "../api";
import { isKey, text } from "../texts";

/** A sale that waits longer than this is worth a word. */
const LONG_WAIT_SECONDS = 60;

type Mood = "good" | "bad" | "waiting";

export class StatusLine {
  private mood: Mood = "waiting";
  private line = text("connecting");
  private noted = 0;

  constructor(private readonly root: HTMLElement) {
    this.draw();
  }

  showLost(): void {
    this.show("bad", text("lost"));
  }

  /** `showsCamera`: whether the kiosk's own camera is of interest here. */
  showHealth(health: Health, showsCamera = true): void {
    const troubles = findTroubles(showsCamera ? health : withoutCamera(health));
    if (troubles.length > 0) this.show("bad", troubles.join(" "));
    else this.show("good", allWell(health, showsCamera));
  }

  /** How many sales wait on this device itself for the kiosk. */
  showNoted(count: number): void {
    this.noted = count;
    this.draw();
  }

  private show(mood: Mood, line: string): void {
    this.mood = mood;
    this.line = line;
    this.draw();
  }

  private draw(): void {
    const line = [this.line, ...notedText(this.noted)].join(" ");
    this.root.dataset.mood = this.mood;
    // Said again only when it says something else: it is a live region.
    if (this.root.textContent !== line) this.root.textContent = line;
  }
}

function notedText(count: number): string[] {
  if (count === 0) return [];
  return [count === 1 ? text("noted_one") : text("noted_many", { count })];
}

function withoutCamera(health: Health): Health {
  const status = health.outbox.usable ? "ok" : "degraded";
  return { ...health, status, camera: { ...health.camera, live: true } };
}

function allWell({ camera, till }: Health, showsCamera: boolean): string {
  if (!showsCamera) return text("all_well_till", { till: till.name });
  return text("all_well", { camera: shortName(camera.name), till: till.name });
}

/** The file of a recording without its folders; whatever else a camera is called as it is. */
function shortName(camera: string): string {
  return camera.startsWith("/") && !camera.startsWith("/dev/") ? camera.replace(/^.*\//, "") : camera;
}

/** Why the camera gives nothing, in the page's language where the kiosk's reason is a known one. */
function reasonOf({ code, detail }: Health["camera"]): string | null {
  const key = `camera_code_${code ?? ""}`;
  return isKey(key) ? text(key) : detail;
}

/** What a person should know, a sentence each; empty when all is well. */
export function findTroubles({ status, camera, outbox }: Health): string[] {
  const troubles: string[] = [];
  if (!outbox.usable) troubles.push(text("trouble_outbox"));
  if (!camera.live) {
    const reason = reasonOf(camera);
    troubles.push(reason === null ? text("trouble_camera") : text("trouble_camera_reason", { reason }));
  }
  if (outbox.pending > 0 && outbox.oldest_age_seconds > LONG_WAIT_SECONDS) {
    const count = outbox.pending;
    troubles.push(count === 1 ? text("trouble_waiting_one") : text("trouble_waiting_many", { count }));
  }
  if (status !== "ok" && troubles.length === 0) troubles.push(text("trouble_other"));
  return troubles;
}
