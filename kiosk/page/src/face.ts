/** What both faces of the page share: the card, the list, and how a choice becomes a sale. */

import {
  fetchCatalogue,
  newId,
  NoAnswerError,
  RefusedError,
  reportDecision,
  type PageSettings,
  type Health,
  type Product,
  type Sale,
} from "./api";
import { find } from "./dom";
import { leaveIfNotPaired } from "./events";
import { refusalText } from "./format";
import { GuessMemory } from "./guesses";
import { NewPage } from "./newpage";
import { startServiceWorker } from "./offline";
import { Queue } from "./queue";
import { Sender } from "./sender";
import type { Key } from "./texts";
import { Notices } from "./views/notices";
import { ProductList } from "./views/productlist";
import { SaleCard } from "./views/salecard";
import { Stage, type View } from "./views/stage";
import { StatusLine } from "./views/statusline";
import type { Decision } from "./voting";

const SUGGESTIONS = 3;
/** So long a shopper waits for the kiosk's answer before hearing that the sale is noted. */
const NOTED_AFTER_MS = 1500;

export interface FaceSettings {
  page: PageSettings;
  invitation: Key;
  /** Whether it asks "yes, that" or "no". */
  asks: boolean;
  /** `isByHand`: a person closed the list to look again. */
  onView?(view: View, isByHand: boolean): void;
  /** A person chose, or said no: nothing is looked for any more. */
  onChoice?(): void;
}

export class Face {
  readonly memory = new GuessMemory();
  readonly card: SaleCard;
  readonly stage: Stage;
  readonly status = new StatusLine(find("status"));
  readonly products: ProductList;
  /** The last sale that the event stream told of; null when it broke since. */
  lastHeard: Sale | null = null;
  /** How often the list was asked for: an older answer may come after a newer one. */
  private asked = 0;
  /** Which list is shown, by what the kiosk's status says of it. */
  private listed: string | null = null;
  private readonly queue = new Queue();
  private readonly sender: Sender;
  private readonly newPage = new NewPage(() => this.card.isIdle && this.stage.isHome);
  /** What else the last recognised product may have been. */
  private others: string[] = [];

  constructor(private readonly settings: FaceSettings) {
    const places = {
      heading: find("products-title"),
      products: find("products"),
      search: find<HTMLInputElement>("search"),
      guesses: find("guesses"),
      found: find("found"),
    };
    this.products = new ProductList(places, (product) => {
      this.settings.onChoice?.();
      void this.report(product, chosenByHand(product));
    });
    this.card = new SaleCard(find("card"), {
      invitation: settings.invitation,
      asks: settings.asks,
      paysByPhone: settings.page.pay_link === "item",
      find: (label) => this.products.find(label),
      notThat: (label) => this.openList(this.others.length > 0 ? this.others : this.memory.best(SUGGESTIONS, label)),
      choose: () => this.openList(this.memory.best(SUGGESTIONS)),
      idle: () => this.stage.settle(),
    });
    const parts = {
      list: find("chooser"),
      heading: find("choose-title"),
      close: find<HTMLButtonElement>("close"),
      look: find("look"),
    };
    this.stage = new Stage(parts, (view, isByHand) => settings.onView?.(view, isByHand));
    this.sender = this.makeSender();
    // The list is there at once, also while the kiosk is away.
    void this.showProducts();
    startServiceWorker();
  }

  /** The kiosk is there, for the first time or again. */
  async connected(): Promise<void> {
    this.sender.wake();
    void this.newPage.look();
    await this.showProducts(true);
  }

  /** Takes over another list when the kiosk has one: its bundle or its till's list changed. */
  async follow({ bundle, catalogue }: Health): Promise<void> {
    const listed = `${bundle} ${catalogue?.revision ?? ""}`;
    if (listed === this.listed) return;
    if (this.listed === null || (await this.showProducts(true))) this.listed = listed;
  }

  private makeSender(): Sender {
    const notices = new Notices(find("status"), (entry) => void this.sender.dismiss(entry));
    return new Sender(this.queue, {
      changed: (noted, refused) => {
        this.status.showNoted(noted);
        notices.show(refused);
        const shown = refused.find(({ id }) => this.card.isAbout(id));
        if (shown?.refusal) this.card.showRefused(shown.product, refusalText(shown.refusal));
      },
      notPaired: () => void leaveIfNotPaired(),
    });
  }

  /** Opens the list with these first; by itself, with what the last frames looked like. */
  openList(guesses = this.memory.best(SUGGESTIONS)): void {
    this.settings.onChoice?.();
    this.products.suggest(guesses);
    this.stage.show("list");
  }

  /** Keeps in mind what else the product just recognised may be. */
  recognised(label: string): void {
    this.others = this.memory.best(SUGGESTIONS, label);
    this.memory.forget();
    this.stage.giveWay(this.products.find(label)?.name ?? label);
  }

  /** False: the kiosk did not tell. */
  private async showProducts(isFresh = false): Promise<boolean> {
    this.asked += 1;
    const { asked } = this;
    try {
      const products = await fetchCatalogue(isFresh);
      if (asked === this.asked) this.products.show(products);
      return true;
    } catch (error) {
      // The stream tells when the kiosk is back, and this runs again; and it notices when this device is not paired.
      if (!(error instanceof NoAnswerError || error instanceof RefusedError)) throw error;
      this.status.showLost();
      return false;
    }
  }

  /** Makes it a sale. It is noted on this device first, so nothing is lost when the kiosk is away. */
  async report(product: Product, decision: Decision, id = newId()): Promise<void> {
    const isRecognised = decision.votes > 0;
    this.stage.show("look");
    this.card.showProduct(product, isRecognised ? "recognised" : "chosen", id);
    const isNoted = await this.queue.note(id, product, decision);
    const impatience = window.setTimeout(() => {
      if (isNoted) void this.tellNoted(id, product, isRecognised);
    }, NOTED_AFTER_MS);
    try {
      const answer = await (isNoted ? this.sender.deliver(id) : reportDecision(id, decision));
      if (this.card.isAbout(id)) this.showAnswer(id, answer, isRecognised);
    } catch (error) {
      if (error instanceof RefusedError) this.card.showRefused(product, refusalText(error));
      else if (error instanceof NoAnswerError) this.card.showNoAnswer(product, () => void this.report(product, decision, id));
      else throw error;
    } finally {
      window.clearTimeout(impatience);
    }
  }

  /** `answer`: null when another page had it. */
  private showAnswer(id: string, answer: Sale | null, isRecognised: boolean): void {
    // The event stream can be quicker than the answer, and tells more then.
    const sale = this.lastHeard?.id === id ? this.lastHeard : answer;
    if (sale === null) this.card.showIdle();
    else this.card.showSale(sale, isRecognised);
  }

  private async tellNoted(id: string, product: Product, isRecognised: boolean): Promise<void> {
    if ((await this.sender.promise(id)) && this.card.isAbout(id)) {
      this.card.showNoted(id, product, isRecognised, () => this.sender.undo(id));
    }
  }
}

/** A person is sure of what they chose, and no vote was taken. */
function chosenByHand(product: Product): Decision {
  return { label: product.label, confidence: 1, votes: 0 };
}
