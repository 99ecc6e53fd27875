/** The counter page: what the kiosk's own camera recognises, as it happens. */

import "./style.css";
import { fetchSales, NoAnswerError, payCodeAddress, RefusedError, type Health, type PageSettings, type Sale } from "./api";
import { find } from "./dom";
import { followEvents, type NamedGuess } from "./events";
import { Face } from "./face";
import { refusalText } from "./format";
import { Search } from "./search";
import { settle } from "./settings";
import { text } from "./texts";
import { LivePicture } from "./views/livepicture";
import { SalesList } from "./views/saleslist";

const SALES_ASKED_FOR = 10;
const AGAIN_MS = 3000;

class Counter {
  private readonly face: Face;
  private readonly list = new SalesList(find("sales"));
  private readonly seeing = find("seeing");
  private readonly picture = new LivePicture(find<HTMLImageElement>("picture"));
  private readonly search = new Search();
  private isCameraLive = false;
  private again = 0;

  constructor(private readonly settings: PageSettings) {
    this.face = new Face({
      page: settings,
      invitation: "invite_counter",
      asks: false,
      onView: (_view, isByHand) => {
        this.wantPicture();
        if (isByHand) this.search.begin(performance.now());
      },
      onChoice: () => this.search.end(null, performance.now()),
    });
    if (settings.pay_link === "shop") showPayCode();
    find("pair").hidden = settings.pairs !== true;
    followEvents({
      connected: () => void this.connected(),
      lost: () => {
        this.face.lastHeard = null;
        this.showCamera(false, () => this.face.status.showLost());
      },
      status: (health) => this.showHealth(health),
      prediction: (guesses) => this.showGuesses(guesses),
      refused: ({ label, name, code, message }) => {
        this.face.stage.giveWay(name);
        this.face.card.showRefused({ label, name }, refusalText({ code, message }));
      },
      sale: (sale) => this.showSale(sale),
    });
  }

  private async connected(): Promise<void> {
    await this.face.connected();
    await this.catchUp();
  }

  private async catchUp(): Promise<void> {
    window.clearTimeout(this.again);
    try {
      const sales = await fetchSales(SALES_ASKED_FOR);
      this.list.replace(sales);
      const [newest] = sales;
      if (newest !== undefined && isUndoable(newest)) this.face.card.showSale(newest, true);
    } catch (error) {
      if (!(error instanceof NoAnswerError || error instanceof RefusedError)) throw error;
      if (error instanceof RefusedError) this.list.showTrouble(refusalText(error));
      else this.face.status.showLost();
      // The stream may be open all the same, and then tells of no return.
      this.again = window.setTimeout(() => void this.catchUp(), AGAIN_MS);
    }
  }

  private showSale(sale: Sale): void {
    this.face.lastHeard = sale;
    const isNew = this.list.isNewest(sale) && sale.source === "camera";
    this.list.update(sale);
    const { card } = this.face;
    if (isNew) {
      this.search.end(sale.label, performance.now());
      this.face.recognised(sale.label);
    }
    if (isNew || sale.id === card.currentSaleId) card.showSale(sale, sale.source === "camera");
  }

  private showHealth(health: Health): void {
    void this.face.follow(health);
    this.showCamera(health.camera.live, () => this.face.status.showHealth(health));
    this.face.card.setClosed(!health.outbox.usable);
  }

  private showCamera(isLive: boolean, say: () => void): void {
    this.isCameraLive = isLive;
    this.face.card.invite(isLive ? "invite_counter" : "invite_list");
    if (!isLive) {
      this.seeing.textContent = "";
      this.search.end(null, performance.now());
      this.face.card.setHint(false);
    }
    this.wantPicture();
    say();
  }

  private wantPicture(): void {
    // Called once while the face is still being made.
    const isSeen = (this.face as Face | undefined)?.stage.view === "look";
    this.picture.want(this.settings.live_picture && this.isCameraLive && isSeen);
  }

  private showGuesses(guesses: NamedGuess[]): void {
    const now = performance.now();
    this.face.memory.add(guesses, now);
    const [best] = guesses;
    const product = best === undefined || best.label === "unknown" ? null : best;
    this.seeing.textContent = product === null ? text("sees_nothing") : text("sees", { name: product.name });
    if (best !== undefined) this.search.see(product?.label ?? null, best.confidence, now);
    const phase = this.search.phase(now);
    this.face.card.setHint(phase === "hint" || phase === "list");
  }
}

function isUndoable(sale: Sale): boolean {
  return sale.source === "camera" && sale.state === "held";
}

function showPayCode(): void {
  find<HTMLImageElement>("pay-code").src = payCodeAddress();
  find("pay").hidden = false;
}

void settle().then((settings) => new Counter(settings));
