/** The tablet page: this device's own camera and network, and the list to choose from by hand. */

import "./style.css";
import { Camera, CameraError, cameraMayBeBack, keepCamera } from "./camera";
import { find, write } from "./dom";
import { EngineError } from "./engine/engine";
import { followEvents } from "./events";
import { Face } from "./face";
import { loadModel, type Model } from "./model";
import { Recognition, type Listener, type Seen } from "./recognise";
import { Search } from "./search";
import { settle } from "./settings";
import { text } from "./texts";
import { About } from "./views/about";
import type { Decision } from "./voting";

const STEP_MS = 250;
/** Less is no guess. */
const LEAST_CONFIDENCE = 0.005;

class Tablet implements Listener {
  private readonly camera = new Camera(find<HTMLVideoElement>("video"));
  private readonly viewfinder = find("viewfinder");
  private readonly seeing = find("seeing");
  private readonly notice = find("notice");
  private readonly turn = find<HTMLButtonElement>("turn");
  private readonly about = new About(find("about"));
  private readonly search = new Search();
  private readonly forcedBackend = new URLSearchParams(location.search).get("backend");
  private readonly face: Face;
  private recognition: Recognition | null = null;
  private isLive = false;
  /** The bundle that is being fetched while another is in use. */
  private coming: string | null = null;

  constructor(settings: Awaited<ReturnType<typeof settle>>) {
    this.face = new Face({
      page: settings,
      invitation: "invite_tablet",
      asks: true,
      onView: (_view, isByHand) => {
        if (isByHand && this.isLive) this.search.begin(performance.now());
      },
      onChoice: () => this.search.end(null, performance.now()),
    });
    const { card, status } = this.face;
    followEvents({
      connected: () => void this.face.connected(),
      lost: () => {
        this.face.lastHeard = null;
        status.showLost();
      },
      status: (health) => {
        status.showHealth(health, false);
        card.setClosed(!health.outbox.usable);
        void this.followBundle(health.bundle);
      },
      sale: (sale) => {
        this.face.lastHeard = sale;
        if (sale.id === card.currentSaleId) card.showSale(sale);
      },
    });
    window.setInterval(() => this.help(), STEP_MS);
    void this.watch();
  }

  /** Camera and network, for as long as both work. Whatever fails is said, and the list stays. */
  private async watch(): Promise<void> {
    for (;;) {
      try {
        await this.look();
      } catch (error) {
        this.giveUp(messageOf(error));
        if (!(error instanceof CameraError)) return;
        await cameraMayBeBack();
      }
    }
  }

  /** Returns when another camera is wanted. */
  private async look(): Promise<void> {
    const stop = new AbortController();
    let isTaken = false;
    this.seeing.textContent = text("waiting_camera");
    await this.camera.open(() => {
      isTaken = true;
      stop.abort();
    });
    await this.offerAnother(stop);
    this.seeing.textContent = text("waiting_model");
    this.recognition ??= new Recognition(this.camera, await this.loadModel(), this);
    this.begin();
    await this.recognition.run(stop.signal);
    if (isTaken) throw new CameraError(text("camera_taken"));
  }

  private async offerAnother(stop: AbortController): Promise<void> {
    const another = await this.camera.another();
    this.turn.hidden = another === null;
    this.turn.onclick = () => {
      if (another !== null) keepCamera(another);
      stop.abort();
    };
  }

  private async loadModel(): Promise<Model> {
    try {
      return await loadModel(this.forcedBackend, (attempts, inUse) => this.about.showAttempts(attempts, inUse));
    } catch (error) {
      if (error instanceof EngineError) this.about.showAttempts(error.attempts, null);
      throw error;
    }
  }

  /** A model that was installed on the kiosk comes to the pages that are open. The old one goes on until it is there. */
  private async followBundle(id: string): Promise<void> {
    const { recognition } = this;
    if (recognition === null || [recognition.manifest.id, this.coming].includes(id)) return;
    this.coming = id;
    try {
      const model = await this.loadModel();
      // The service worker gives what it kept when the kiosk is slow; the next status asks again.
      if (model.manifest.id !== id) this.coming = null;
      recognition.replace(model);
    } catch (error) {
      this.about.showProblem(messageOf(error));
    }
  }

  private begin(): void {
    this.viewfinder.dataset.state = "live";
    this.notice.textContent = "";
    this.face.stage.home = "look";
    this.face.card.invite("invite_tablet");
    if (this.face.card.isIdle && !this.isLive) this.face.stage.goHome();
    this.isLive = true;
  }

  /** The list is all that is left, and all that is needed. */
  private giveUp(message: string): void {
    this.isLive = false;
    this.viewfinder.dataset.state = "off";
    this.notice.textContent = `${message} ${text("list_always")}`;
    this.face.card.invite("invite_list");
    this.face.stage.home = "list";
    if (this.face.card.isIdle) this.face.stage.goHome();
  }

  seen({ product, confidence, frameMs }: Seen, probabilities: Float32Array): void {
    const now = performance.now();
    write(this.seeing, product === null ? text("sees_nothing") : text("sees", { name: product.name }));
    this.viewfinder.dataset.sees = product === null ? "nothing" : "product";
    this.search.see(product?.id ?? null, confidence, now);
    const { id, labels } = (this.recognition as Recognition).manifest;
    this.about.addFrame(id, frameMs);
    const guesses = labels.map((label, index) => ({ label: label.id, confidence: probabilities[index] }));
    this.face.memory.add(guesses.filter(({ confidence }) => confidence >= LEAST_CONFIDENCE), now);
  }

  decided(decision: Decision): void {
    this.search.end(decision.label, performance.now());
    this.face.recognised(decision.label);
    const label = (this.recognition as Recognition).manifest.labels.find(({ id }) => id === decision.label);
    const product = this.face.products.find(decision.label) ?? {
      label: decision.label,
      name: label?.name ?? decision.label,
      price_pence: label?.price_pence ?? null,
    };
    void this.face.report(product, decision);
  }

  /** Nobody is left alone with something that is not recognised. */
  private help(): void {
    if (!this.isLive) return;
    const isFree = this.face.card.isIdle && this.face.stage.view === "look";
    const phase = isFree ? this.search.phase(performance.now()) : "waiting";
    this.viewfinder.dataset.phase = phase;
    this.face.card.setHint(phase === "hint");
    if (phase === "list") this.face.openList();
  }
}

function messageOf(error: unknown): string {
  if (error instanceof CameraError) return error.message;
  if (error instanceof EngineError) return text("model_unsafe");
  return text("model_failed", { detail: error instanceof Error ? error.message : String(error) });
}

void settle().then((settings) => new Tablet(settings));
