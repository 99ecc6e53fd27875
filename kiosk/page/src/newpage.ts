/** A page that is open while the kiosk is updated gives way to the new one, but never while somebody uses it. */

/** Nobody has touched it for so long. */
const QUIET_MS = 5000;
const LOOK_MS = 1000;

export class NewPage {
  private readonly build = document.querySelector<HTMLMetaElement>("meta[name=build]")?.content ?? null;
  private touchedAt = performance.now();
  private isThere = false;

  /** `isFree`: whether nothing is going on. */
  constructor(private readonly isFree: () => boolean) {
    for (const kind of ["pointerdown", "keydown", "input", "wheel"]) {
      document.addEventListener(kind, () => {
        this.touchedAt = performance.now();
      });
    }
  }

  /** The kiosk is there, for the first time or again: it may be another one than this page came from. */
  async look(): Promise<void> {
    if (this.build === null || this.isThere) return;
    const html = await fetchPage();
    if (html === null || isOfBuild(html, this.build) || this.isThere) return;
    this.isThere = true;
    window.setInterval(() => this.giveWay(), LOOK_MS);
  }

  private giveWay(): void {
    if (performance.now() - this.touchedAt > QUIET_MS && this.isFree()) location.reload();
  }
}

/** Whether a page comes from this build. What is no page of ours at all is no newer one. */
export function isOfBuild(html: string, build: string): boolean {
  const found = /<meta name="build" content="([^"]+)"/.exec(html);
  return found === null || found[1] === build;
}

async function fetchPage(): Promise<string | null> {
  try {
    const response = await fetch(location.pathname, { cache: "no-cache" });
    return response.ok ? await response.text() : null;
  } catch {
    // Away again; it is asked the next time that it is back.
    return null;
  }
}
