/** What fills the page: the look through the camera, or the list. One of them is home. */

import { make } from "../dom";
import { text } from "../texts";

export type View = "look" | "list";

/** So long without a touch, and the list is left: somebody else may stand there now. */
const ABANDONED_MS = 60_000;
/** So long without a touch, and nobody is using the list: it makes way for what was just recognised. */
const IN_USE_MS = 5000;
const TOUCHES = ["pointerdown", "pointermove", "input", "wheel", "scroll"];

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
  private touchedAt = Number.NEGATIVE_INFINITY;
  /** Tells whoever uses the list what was recognised meanwhile; empty most of the time. */
  private readonly meanwhile = make("p", "meanwhile");

  /** `onView` is told whether a person closed the list to look again. */
  constructor(
    private readonly parts: StageParts,
    private readonly onView: (view: View, isByHand: boolean) => void,
  ) {
    parts.close.onclick = () => this.show("look", true);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.view === "list" && this.homeView === "look") this.show("look", true);
      this.touched();
    });
    // Scrolling is told to the element alone, so it is caught on its way down.
    for (const kind of TOUCHES) document.addEventListener(kind, () => this.touched(), { capture: true, passive: true });
    this.meanwhile.setAttribute("role", "status");
    parts.heading.parentElement?.append(this.meanwhile);
    this.apply("look", false);
  }

  get view(): View {
    return this.parts.list.hidden ? "look" : "list";
  }

  /** Where the page goes when nothing is going on. Without a camera that is the list, which then has no way out. */
  set home(view: View) {
    this.homeView = view;
    this.parts.close.hidden = view === "list";
  }

  get isHome(): boolean {
    return this.view === this.homeView;
  }

  goHome(): void {
    this.show(this.homeView);
  }

  /** Nothing is going on any more. A list that somebody has open stays. */
  settle(): void {
    if (this.homeView === "list") this.show("list");
  }

  /** Something was recognised. A list that somebody is using stays, with a word about it, until they pause. */
  giveWay(name: string): void {
    const leftMs = IN_USE_MS - (performance.now() - this.touchedAt);
    if (this.view === "look" || leftMs <= 0) {
      this.show("look");
      return;
    }
    const button = make("button", "button", text("meanwhile_show"));
    button.type = "button";
    button.onclick = () => this.show("look");
    this.meanwhile.replaceChildren(make("span", "", text("meanwhile", { name })), button);
    this.waitForQuiet(leftMs);
  }

  /** Changes the view, and takes the focus along where it would be lost. */
  show(view: View, isByHand = false): void {
    if (view === this.view) return;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    const isLost = focused !== null && (view === "list" ? this.parts.look : this.parts.list).contains(focused);
    if (view === "list") this.opener = isLost ? focused : null;
    this.apply(view, isByHand);
    if (view === "list" && (isLost || focused === document.body)) this.parts.heading.focus();
    if (view === "look" && isLost) this.focusBack();
  }

  private apply(view: View, isByHand: boolean): void {
    this.parts.list.hidden = view === "look";
    this.parts.look.hidden = view === "list";
    document.body.dataset.view = view;
    this.meanwhile.replaceChildren();
    this.waitForQuiet();
    this.onView(view, isByHand);
  }

  private focusBack(): void {
    const said = this.opener?.textContent;
    // The card may have been drawn anew meanwhile: then what says the same stands for the old button.
    const places = [this.opener, ...this.parts.look.querySelectorAll<HTMLElement>("button")];
    const back = places.find((one) => one?.isConnected && one.offsetParent !== null && one.textContent === said);
    (back ?? this.parts.look).focus();
  }

  private touched(): void {
    this.touchedAt = performance.now();
    this.waitForQuiet();
  }

  /** Leaves the list when it has been quiet for so long: sooner where something else waits to be seen. */
  private waitForQuiet(quietMs?: number): void {
    window.clearTimeout(this.timer);
    if (this.view === "look") return;
    const isWanted = this.meanwhile.hasChildNodes();
    const leave = (): void => (isWanted ? this.show("look") : this.goHome());
    this.timer = window.setTimeout(leave, quietMs ?? (isWanted ? IN_USE_MS : ABANDONED_MS));
  }
}
