/** What fills the page: the look through the camera, or the list. One of them is home. */

export type View = "look" | "list";

/** So long without a touch, and the list is left: somebody else may stand there now. */
const ABANDONED_MS = 60_000;

export interface StageParts {
  /** The list as a whole, its heading, and what closes it. */
  list: HTMLElement;
  heading: HTMLElement;
  close: HTMLButtonElement;
  /** What is seen while the list is not. */
  look: HTMLElement;
}

export class Stage {
  private homeView: View = "look";
  private opener: HTMLElement | null = null;
  private timer = 0;

  constructor(
    private readonly parts: StageParts,
    private readonly onView: (view: View) => void,
  ) {
    parts.close.onclick = () => this.show("look");
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.view === "list" && this.homeView === "look") this.show("look");
      this.restartTimer();
    });
    for (const kind of ["pointerdown", "input", "wheel"]) document.addEventListener(kind, () => this.restartTimer());
    this.apply("look");
  }

  get view(): View {
    return this.parts.list.hidden ? "look" : "list";
  }

  /** Where the page goes when nothing is going on. Without a camera that is the list, which then has no way out. */
  set home(view: View) {
    this.homeView = view;
    this.parts.close.hidden = view === "list";
  }

  goHome(): void {
    this.show(this.homeView);
  }

  /** Nothing is going on any more. A list that somebody has open stays. */
  settle(): void {
    if (this.homeView === "list") this.show("list");
  }

  /** Changes the view, and takes the focus along where it would be lost. */
  show(view: View): void {
    if (view === this.view) return;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const isLost = focused !== null && (view === "list" ? this.parts.look : this.parts.list).contains(focused);
    if (view === "list") this.opener = isLost ? focused : null;
    this.apply(view);
    if (view === "list" && (isLost || focused === document.body)) this.parts.heading.focus();
    if (view === "look" && isLost) this.focusBack();
  }

  private apply(view: View): void {
    this.parts.list.hidden = view === "look";
    this.parts.look.hidden = view === "list";
    document.body.dataset.view = view;
    this.restartTimer();
    this.onView(view);
  }

  private focusBack(): void {
    const canTakeIt = this.opener?.isConnected === true && this.opener.offsetParent !== null;
    (canTakeIt ? this.opener : this.parts.look)?.focus();
  }

  private restartTimer(): void {
    window.clearTimeout(this.timer);
    if (this.view === "list") this.timer = window.setTimeout(() => this.goHome(), ABANDONED_MS);
  }
}
