/** The small picture of what the kiosk's camera sees, where the owner allows it. */

const PERIOD_MS = 400;
const NO_CONTENT = 204;
/** A picture that takes longer shows the past. */
const LONGEST_WAIT_MS = 3000;

export class LivePicture {
  private isWanted = false;
  private isRunning = false;
  private address = "";
  private asking: AbortController | null = null;

  constructor(private readonly image: HTMLImageElement) {
    image.hidden = true;
  }

  /** Whether there is anything to see. Asks for one picture at a time, and for none while nobody looks. */
  want(isWanted: boolean): void {
    this.isWanted = isWanted;
    if (!isWanted) {
      this.asking?.abort();
      this.show(null);
    } else if (!this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.isWanted) {
      if (document.hidden) this.show(null);
      else await this.showNext();
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    }
    this.isRunning = false;
  }

  private async showNext(): Promise<void> {
    const asking = (this.asking = new AbortController());
    const timer = setTimeout(() => asking.abort(), LONGEST_WAIT_MS);
    const picture = await fetchPicture(asking.signal);
    clearTimeout(timer);
    // A picture that is not wanted any more is not shown, even if it came.
    this.show(asking.signal.aborted ? null : picture);
  }

  private show(picture: Blob | null): void {
    const before = this.address;
    this.address = picture === null ? "" : URL.createObjectURL(picture);
    this.image.hidden = picture === null;
    if (picture !== null) this.image.src = this.address;
    if (before !== "") URL.revokeObjectURL(before);
  }
}

async function fetchPicture(signal: AbortSignal): Promise<Blob | null> {
  try {
    const response = await fetch("/api/picture", { signal });
    return response.ok && response.status !== NO_CONTENT ? await response.blob() : null;
  } catch {
    // The event stream tells that the kiosk is away; an old picture must not stay.
    return null;
  }
}
