/** The large card: what was recognised, what it costs, where the sale stands, and the way back. */

import { NoAnswerError, payCodeAddress, RefusedError, undoSale, type Product, type Sale } from "../api";
import { make } from "../dom";
import { formatPrice, headingOf, longState, refusalText } from "../format";
import { text, type Key } from "../texts";
import { Countdown } from "./countdown";
import { makeTile, type Pictured } from "./tile";

/** How long a sale that can no longer be undone stays in sight. */
const LINGER_MS = 8000;
/** How long the next try is offered; then somebody else may stand there. */
const NO_ANSWER_LINGER_MS = 30_000;
/** How long a code to scan stays: finding one's phone takes a while. */
const PAY_LINGER_MS = 90_000;

/** Characters from which on a name is set smaller. */
const LONG = 22;
const VERY_LONG = 44;

type Shown = Sale["state"] | "idle" | "closed" | "product" | "noted" | "problem" | "pay";

export interface CardSettings {
  invitation: Key;
  /** Whether a recognised product is asked about with "yes, that" and "no", or told with "undo" and "not that?". */
  asks: boolean;
  /** Whether each product has a code with which it is paid for on a phone. */
  paysByPhone: boolean;
  find(label: string): Product | undefined;
  /** The shopper says that it was not this; it has been taken back. */
  notThat(label: string): void;
  /** The shopper wants the list. */
  choose(): void;
  /** The card has become idle. */
  idle(): void;
}

interface Action {
  key: Key;
  press(): void;
  /** Whether this is what most people want. */
  isMain?: boolean;
  counts?: boolean;
}

export class SaleCard {
  private readonly tile = make("div", "card-tile");
  private readonly kicker = make("p", "card-kicker");
  private readonly name = make("p", "card-name");
  private readonly price = make("p", "card-price");
  private readonly note = make("p", "card-note");
  private readonly announced = make("div", "card-text", this.kicker, this.name, this.price, this.note);
  private readonly bar = make("div", "timer", make("span"));
  private readonly actions = make("div", "actions");
  private readonly countdown = new Countdown(this.bar);
  private readonly choose: Action;
  private timer = 0;
  private isClosed = false;
  /** The sale that the product in sight is to become. */
  private coming = "";
  private shownSale: Sale | null = null;
  private hint = false;
  private invitation: Key;
  /** The sales that a camera recognised, and that the shopper said yes to. */
  private recognised = "";
  private confirmed = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly settings: CardSettings,
  ) {
    this.invitation = settings.invitation;
    this.choose = { key: "choose", press: () => settings.choose() };
    this.announced.setAttribute("aria-live", "polite");
    this.announced.tabIndex = -1;
    root.append(this.tile, this.announced, this.bar, this.actions);
    this.drawIdle();
  }

  /** The id of the sale in sight, if any. */
  get currentSaleId(): string | null {
    return this.root.dataset.sale ?? null;
  }

  /** Whether the product in sight is this sale's, or is to become it. */
  isAbout(saleId: string): boolean {
    return this.coming === saleId || this.currentSaleId === saleId;
  }

  get isIdle(): boolean {
    return this.root.dataset.state === "idle" || this.root.dataset.state === "closed";
  }

  showIdle(): void {
    this.drawIdle();
    this.settings.idle();
  }

  /** Changes what an idle card asks for. */
  invite(invitation: Key): void {
    this.invitation = invitation;
    this.refreshIdle();
  }

  /** Whether an idle card helps somebody whose product is not recognised. */
  setHint(hint: boolean): void {
    if (this.hint === hint) return;
    this.hint = hint;
    this.root.dataset.hint = String(hint);
    this.refreshIdle();
  }

  /** Whether the kiosk cannot keep sales; an idle card then asks for nothing. */
  setClosed(isClosed: boolean): void {
    if (this.isClosed === isClosed) return;
    this.isClosed = isClosed;
    this.refreshIdle();
  }

  /** A product was recognised or chosen; whether a sale of this id comes of it is not known yet. */
  showProduct(product: Product, heading: "recognised" | "chosen", saleId: string): void {
    this.show("product", text(heading), product, formatPrice(product.price_pence));
    this.coming = saleId;
  }

  /** The kiosk is away, and the sale waits on this device. `undo`: takes it back; false when the kiosk has it already. */
  showNoted(saleId: string, product: Product, isRecognised: boolean, undo: () => Promise<boolean>): void {
    this.show("noted", text("noted"), product, formatPrice(product.price_pence), text("note_noted"));
    this.root.dataset.sale = saleId;
    const undoThen = (then?: () => void): void => void this.undoNoted(saleId, product, undo, then);
    const notThat: Action = { key: "not_that", press: () => undoThen(() => this.settings.notThat(product.label)) };
    this.offer({ key: "undo", press: () => undoThen(), isMain: true }, ...(isRecognised ? [notThat] : []));
    this.idleAfter(LINGER_MS);
  }

  /** `isRecognised`: a camera says so, not the shopper. */
  showSale(sale: Sale, isRecognised = false): void {
    if (isRecognised) this.recognised = sale.id;
    const asks = sale.id === this.recognised && sale.state === "held" && sale.id !== this.confirmed;
    const product = this.settings.find(sale.label) ?? sale;
    this.show(sale.state, headingOf(sale), product, formatPrice(sale.price_pence), longState(sale));
    this.root.dataset.sale = sale.id;
    this.shownSale = sale;
    if (sale.undo_seconds_left <= 0) {
      if (sale.state === "cancelled") this.offer(this.choose);
      this.idleAfter(LINGER_MS);
      return;
    }
    if (asks && this.settings.asks) this.note.textContent = text("note_is_it");
    if (sale.state === "held" && sale.id === this.confirmed) this.note.textContent = text("note_thanks");
    this.offer(...this.waysBack(sale, asks));
    this.countdown.start(sale.undo_seconds_left * 1000, () => this.showUndoOver());
  }

  /** The kiosk said no to a sale; what it would have cost is of no interest then. */
  showRefused(product: Pictured, message: string): void {
    this.show("problem", text("not_taken"), product, "", message);
    this.offer(this.choose);
    this.idleAfter(LINGER_MS);
  }

  /** Nobody knows whether the kiosk heard of a sale; `again` asks it once more about the same one. */
  showNoAnswer(product: Product, again: () => void): void {
    this.show("problem", text("not_sure"), product, formatPrice(product.price_pence), text("note_no_answer"));
    this.offer({ key: "try_again", press: again, isMain: true });
    this.idleAfter(NO_ANSWER_LINGER_MS);
  }

  private waysBack(sale: Sale, asks: boolean): Action[] {
    const notThat = (): void => void this.undo(sale.id, () => this.settings.notThat(sale.label));
    const undo: Action = { key: sale.state === "held" ? "undo" : "take_back", press: () => void this.undo(sale.id) };
    const pay: Action = { key: "pay_phone", press: () => void this.undo(sale.id, (undone) => this.payInstead(undone)) };
    const pays = this.settings.paysByPhone && sale.state === "held" ? [pay] : [];
    if (!asks) return [{ ...undo, counts: true, isMain: true }, ...pays];
    if (!this.settings.asks) return [{ ...undo, counts: true, isMain: true }, { key: "not_that", press: notThat }, ...pays];
    const yes: Action = { key: "yes_that", press: () => this.confirm(sale), isMain: true };
    return [yes, { key: "no", press: notThat, counts: true }, ...pays];
  }

  /** Where the till had it already, the money was only asked back: who paid now might pay twice. */
  private payInstead(undone: Sale): void {
    if (undone.state === "cancelled") this.showPay(undone);
  }

  /** The window runs on: who presses a button by mistake can still go back. */
  private confirm(sale: Sale): void {
    this.confirmed = sale.id;
    this.kicker.textContent = text("bought");
    this.note.textContent = text("note_thanks");
    this.offer(...this.waysBack(sale, false));
    this.announced.focus();
  }

  private showPay(sale: Sale): void {
    const product = this.settings.find(sale.label) ?? sale;
    this.show("pay", text("pay_phone"), product, formatPrice(sale.price_pence), text("note_pay_phone"));
    const code = make("img", "code");
    code.src = payCodeAddress(sale.label);
    code.alt = text("pay_code");
    this.tile.replaceChildren(code);
    this.offer({ key: "done", press: () => this.showIdle(), isMain: true });
    this.idleAfter(PAY_LINGER_MS);
  }

  private drawIdle(): void {
    if (this.isClosed) {
      this.show("closed", text("closed_kicker"), { name: text("closed_name") }, "", text("closed_note"));
    } else {
      const [kicker, invitation]: [Key, Key] = this.hint ? ["looking", "hint"] : ["ready", this.invitation];
      this.show("idle", text(kicker), { name: text(invitation) });
      this.offer(this.choose);
    }
  }

  private refreshIdle(): void {
    if (this.isIdle) this.drawIdle();
  }

  private show(state: Shown, kicker: string, product: Partial<Pictured>, price = "", note = ""): void {
    window.clearTimeout(this.timer);
    this.countdown.stop();
    delete this.root.dataset.sale;
    this.coming = "";
    this.shownSale = null;
    this.root.dataset.state = state;
    const { label, name = "", picture = null } = product;
    this.tile.replaceChildren(...(label === undefined ? [] : [makeTile({ label, name, picture })]));
    for (const [place, content] of [
      [this.kicker, kicker],
      [this.name, name],
      [this.price, price],
      [this.note, note],
    ] as const) {
      if (place.textContent !== content) place.textContent = content;
    }
    this.name.dataset.length = lengthOf(name);
    this.offer();
  }

  private idleAfter(milliseconds: number): void {
    this.timer = window.setTimeout(() => this.showIdle(), milliseconds);
  }

  /** Puts these buttons on the card; a focus that was on one of the old ones stays on the card. */
  private offer(...actions: Action[]): void {
    const hadFocus = this.actions.contains(document.activeElement);
    this.actions.replaceChildren(...actions.map((action) => this.drawAction(action)));
    if (hadFocus) this.announced.focus();
  }

  private drawAction({ key, press, isMain = false, counts = false }: Action): HTMLButtonElement {
    const button = make("button", isMain ? "button button-main" : "button", text(key));
    button.type = "button";
    if (counts) button.append(this.countdown.number);
    button.onclick = () => {
      // What is asked of the kiosk is asked once; the list can be opened again and again.
      for (const one of this.actions.querySelectorAll("button")) one.disabled = key !== "choose";
      press();
    };
    return button;
  }

  /** The kiosk tells what becomes of the sale; if it does not, the card does not stay for ever. */
  private showUndoOver(): void {
    this.countdown.stop();
    this.offer();
    this.idleAfter(LINGER_MS);
  }

  private async undoNoted(
    saleId: string,
    product: Product,
    undo: () => Promise<boolean>,
    then?: () => void,
  ): Promise<void> {
    let isUndone: boolean;
    try {
      isUndone = await undo();
    } catch {
      // This device's database fails with errors of every kind.
      for (const one of this.actions.querySelectorAll("button")) one.disabled = false;
      this.note.textContent = text("note_undo_not_noted");
      return;
    }
    // The kiosk has it by now, so that it is the kiosk that takes it back.
    if (!isUndone) return this.undo(saleId, then);
    this.show("cancelled", text("taken_back"), product, formatPrice(product.price_pence), text("note_undo_noted"));
    this.offer(this.choose);
    this.idleAfter(LINGER_MS);
    then?.();
  }

  private async undo(saleId: string, then?: (undone: Sale) => void): Promise<void> {
    const before = this.shownSale;
    try {
      const undone = await undoSale(saleId);
      // What the event stream has told in the meantime is newer than this answer.
      if (this.currentSaleId === saleId && this.shownSale === before) this.showSale(undone);
      then?.(undone);
    } catch (error) {
      if (!(error instanceof RefusedError || error instanceof NoAnswerError)) throw error;
      if (this.currentSaleId !== saleId) return;
      for (const one of this.actions.querySelectorAll("button")) one.disabled = false;
      this.note.textContent = error instanceof NoAnswerError ? text("note_undo_no_answer") : refusalText(error);
    }
  }
}

/** How large a name can be set. */
export function lengthOf(name: string): "short" | "long" | "very-long" {
  const { length } = [...name];
  if (length < LONG) return "short";
  return length < VERY_LONG ? "long" : "very-long";
}
