/** The large card: what was recognised, what it costs, where the sale stands, and the way back. */

import { NoAnswerError, RefusedError, undoSale, type Product, type Sale } from "../api";
import { make } from "../dom";
import { formatPrice, headingOf, longState } from "../format";

/** How long a sale that can no longer be undone stays in sight. */
const LINGER_MS = 8000;
/** How long the next try is offered; then somebody else may stand there. */
const NO_ANSWER_LINGER_MS = 30_000;
const COUNTDOWN_STEP_MS = 250;

type Shown = Sale["state"] | "idle" | "product" | "problem";

export class SaleCard {
  private readonly kicker = make("p", "card-kicker");
  private readonly name = make("p", "card-name");
  private readonly price = make("p", "card-price");
  private readonly note = make("p", "card-note");
  private readonly button = make("button", "button button-large");
  private readonly announced = make("div", "card-text", this.kicker, this.name, this.price, this.note);
  private timer = 0;

  constructor(
    private readonly root: HTMLElement,
    private invitation: string,
  ) {
    this.announced.setAttribute("aria-live", "polite");
    this.button.type = "button";
    root.append(this.announced, this.button);
    this.showIdle();
  }

  /** The id of the sale in sight, if any. */
  get currentSaleId(): string | null {
    return this.root.dataset.sale ?? null;
  }

  showIdle(): void {
    this.show("idle", "Ready", this.invitation, "", "");
  }

  /** Changes what an idle card asks for. */
  invite(invitation: string): void {
    this.invitation = invitation;
    if (this.root.dataset.state === "idle") this.showIdle();
  }

  /** A product was recognised or chosen; whether a sale comes of it is not known yet. */
  showProduct(product: Product, heading: "Recognised" | "Chosen"): void {
    this.show("product", heading, product.name, formatPrice(product.price_pence), "");
  }

  showSale(sale: Sale): void {
    this.show(sale.state, headingOf(sale), sale.name, formatPrice(sale.price_pence), longState(sale));
    this.root.dataset.sale = sale.id;
    if (sale.undo_seconds_left > 0) this.offerUndo(sale);
    else this.idleAfter(LINGER_MS);
  }

  /** The kiosk said no to a sale. */
  showRefused(product: Product, message: string): void {
    this.show("problem", "Not taken", product.name, formatPrice(product.price_pence), message);
    this.idleAfter(LINGER_MS);
  }

  /** Nobody knows whether the kiosk heard of a sale; `again` asks it once more about the same one. */
  showNoAnswer(product: Product, again: () => void): void {
    const note = "The kiosk does not answer. You buy it once at most, however often you try.";
    this.show("problem", "Not sure", product.name, formatPrice(product.price_pence), note);
    this.offerButton("Try again", again);
    this.idleAfter(NO_ANSWER_LINGER_MS);
  }

  private show(state: Shown, kicker: string, name: string, price: string, note: string): void {
    window.clearTimeout(this.timer);
    delete this.root.dataset.sale;
    this.root.dataset.state = state;
    this.kicker.textContent = kicker;
    this.name.textContent = name;
    this.price.textContent = price;
    this.note.textContent = note;
    this.button.hidden = true;
  }

  private idleAfter(milliseconds: number): void {
    this.timer = window.setTimeout(() => this.showIdle(), milliseconds);
  }

  private offerButton(text: string, press: () => void): void {
    this.button.textContent = text;
    this.button.hidden = false;
    this.button.disabled = false;
    this.button.onclick = () => {
      this.button.disabled = true;
      press();
    };
  }

  private offerUndo(sale: Sale): void {
    const seconds = make("span", "countdown");
    const endsAt = performance.now() + sale.undo_seconds_left * 1000;
    this.offerButton(sale.state === "held" ? "Undo" : "Take it back", () => void this.undo(sale));
    seconds.setAttribute("aria-hidden", "true");
    this.button.append(seconds);
    const step = (): void => {
      const leftMs = endsAt - performance.now();
      seconds.textContent = String(Math.max(Math.ceil(leftMs / 1000), 0));
      if (leftMs > 0) this.timer = window.setTimeout(step, COUNTDOWN_STEP_MS);
      else this.showUndoOver();
    };
    step();
  }

  /** The kiosk tells what became of the sale; if it does not, the card does not stay for ever. */
  private showUndoOver(): void {
    this.button.hidden = true;
    this.idleAfter(LINGER_MS);
  }

  private async undo(sale: Sale): Promise<void> {
    try {
      const undone = await undoSale(sale.id);
      if (this.currentSaleId === sale.id) this.showSale(undone);
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof NoAnswerError)) throw error;
      if (this.currentSaleId !== sale.id) return;
      this.button.disabled = false;
      this.note.textContent = error instanceof NoAnswerError ? "The kiosk does not answer. Try again." : error.message;
    }
  }
}
