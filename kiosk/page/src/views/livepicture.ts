/** The small picture of what the kiosk's camera sees, where the owner allows it. */

const PERIOD_MS = 400;
const NO_CONTENT = 204;

export class LivePicture {
  private isWanted = false;
  private isRunning = false;
  private address = "";

  constructor(private readonly image: HTMLImageElement) {
    image.hidden = true;
  }

  /** Whether there is anything to see. Asks for one picture at a time, and for none while nobody looks. */
  want(isWanted: boolean): void {
    this.isWanted = isWanted;
    if (isWanted && !this.isRunning) void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    while (this.isWanted) {
      if (!document.hidden) this.show(await fetchPicture());
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    }
    this.show(null);
    this.isRunning = false;
  }

  private show(picture: Blob | null): void {
    const before = this.address;
    this.address = picture === null ? "" : URL.createObjectURL(picture);
    this.image.hidden = picture === null;
    if (picture !== null) this.image.src = this.address;
    if (before !== "") URL.revokeObjectURL(before);
  }
}

async function fetchPicture(): Promise<Blob | null> {
  try {
    const response = await fetch("/api/picture");
    return response.ok && response.status !== NO_CONTENT ? await response.blob() : null;
  } catch {
    // The event stream tells that the kiosk is away; an old picture must not stay.
    return null;
  }
}
