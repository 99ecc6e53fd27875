/** What both faces of the page share: the card, the list, and how a choice becomes a sale. */

import {
  fetchCatalogue,
  newId,
  NoAnswerError,
  RefusedError,
  reportDecision,
  type PageSettings,
  type Product,
  type Sale,
} from "./api";
import { find } from "./dom";
import { refusalText } from "./format";
import { GuessMemory } from "./guesses";
import type { Key } from "./texts";
import { ProductList } from "./views/productlist";
import { SaleCard } from "./views/salecard";
import { Stage, type View } from "./views/stage";
import { StatusLine } from "./views/statusline";
import type { Decision } from "./voting";

const SUGGESTIONS = 3;

export interface FaceSettings {
  page: PageSettings;
  invitation: Key;
  /** Whether it asks "yes, that" or "no". */
  asks: boolean;
  onView?(view: View): void;
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
  /** What else the last recognised product may have been. */
  private others: string[] = [];

  constructor(private readonly settings: FaceSettings) {
    const places = {
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
    this.stage = new Stage(parts, (view) => settings.onView?.(view));
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
    this.stage.show("look");
  }

  async showProducts(): Promise<void> {
    try {
      this.products.show(await fetchCatalogue());
    } catch (error) {
      // The stream tells when the kiosk is back, and this runs again.
      if (!(error instanceof NoAnswerError)) throw error;
      this.status.showLost();
    }
  }

  /** Makes it a sale. The same `id` is used however often it has to be sent, so it is never bought twice. */
  async report(product: Product, decision: Decision, id = newId()): Promise<void> {
    const isRecognised = decision.votes > 0;
    this.stage.show("look");
    this.card.showProduct(product, isRecognised ? "recognised" : "chosen");
    try {
      const answer = await reportDecision(id, decision);
      // The event stream can be quicker than the answer, and tells more then.
      const { lastHeard } = this;
      this.card.showSale(lastHeard?.id === id ? lastHeard : answer, isRecognised);
    } catch (error) {
      if (error instanceof RefusedError) this.card.showRefused(product, refusalText(error));
      else if (error instanceof NoAnswerError) this.card.showNoAnswer(product, () => void this.report(product, decision, id));
      else throw error;
    }
  }
}

/** A person is sure of what they chose, and no vote was taken. */
function chosenByHand(product: Product): Decision {
  return { label: product.label, confidence: 1, votes: 0 };
}
