/** The tablet page: this device's own camera and network, and the list to choose from by hand. */

import "./style.css";
import { fetchVoting } from "./api";
import { loadManifest, type Manifest } from "./bundle";
import { CameraError, openCamera } from "./camera";
import { find } from "./dom";
import { candidates, EngineError, startEngine, type Engine } from "./engine";
import { followEvents } from "./events";
import { Face } from "./face";
import type { GuessMemory } from "./guesses";
import { recognise, type Seen } from "./recognise";
import { Search } from "./search";
import { settle } from "./settings";
import { text } from "./texts";
import { About } from "./views/about";
import { Voter, type Decision, type VotingSettings } from "./voting";

const STEP_MS = 250;
/** Less is no guess. */
const LEAST_CONFIDENCE = 0.005;

class Tablet {
  private readonly video = find<HTMLVideoElement>("video");
  private readonly viewfinder = find("viewfinder");
  private readonly seeing = find("seeing");
  private readonly notice = find("notice");
  private readonly about = new About(find("about"));
  private readonly search = new Search();
  private readonly face: Face;
  private isLive = false;

  constructor(settings: Awaited<ReturnType<typeof settle>>) {
    this.face = new Face({
      page: settings,
      invitation: "invite_tablet",
      asks: true,
      onView: (view) => {
        if (view === "look" && this.isLive) this.search.begin(performance.now());
      },
      onChoice: () => this.search.end(null, performance.now()),
    });
    const { card, status } = this.face;
    followEvents({
      connected: () => void this.face.showProducts(),
      lost: () => {
        this.face.lastHeard = null;
        status.showLost();
      },
      status: (health) => {
        status.showHealth(health, false);
        card.setClosed(!health.outbox.usable);
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
    const stop = new AbortController();
    try {
      this.seeing.textContent = text("waiting_camera");
      const track = await openCamera(this.video);
      track.onended = () => {
        stop.abort();
        this.giveUp(text("camera_taken"));
      };
      this.seeing.textContent = text("waiting_model");
      const { engine, manifest } = await this.prepare();
      const voter = new RememberingVoter(manifest.labels.map(({ id }) => id), await fetchVoting(), this.face.memory);
      this.viewfinder.dataset.state = "live";
      this.isLive = true;
      this.search.begin(performance.now());
      const listener = { seen: (one: Seen) => this.see(one), decided: (one: Decision) => this.decide(manifest, one) };
      await recognise(this.video, engine, manifest, voter, listener, stop.signal);
    } catch (error) {
      this.giveUp(messageOf(error));
    }
  }

  private async prepare(): Promise<{ engine: Engine; manifest: Manifest }> {
    const manifest = await loadManifest();
    const forced = new URLSearchParams(location.search).get("backend");
    try {
      const { engine, attempts } = await startEngine(manifest, candidates(forced));
      this.about.showAttempts(attempts);
      return { engine, manifest };
    } catch (error) {
      if (error instanceof EngineError) this.about.showAttempts(error.attempts);
      throw error;
    }
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

  private see({ product, frameMs }: Seen): void {
    const words = product === null ? text("sees_nothing") : text("sees", { name: product.name });
    this.seeing.textContent = words;
    this.viewfinder.dataset.sees = product === null ? "nothing" : "product";
    this.search.see(product?.id ?? null, performance.now());
    this.about.addFrame(frameMs);
  }

  private decide(manifest: Manifest, decision: Decision): void {
    this.search.end(decision.label, performance.now());
    this.face.recognised(decision.label);
    const label = manifest.labels.find(({ id }) => id === decision.label);
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

/** A vote that lets the memory of guesses look on. */
class RememberingVoter extends Voter {
  constructor(
    private readonly names: readonly string[],
    settings: VotingSettings,
    private readonly memory: GuessMemory,
  ) {
    super(names, settings);
  }

  override update(probabilities: ArrayLike<number>): Decision | null {
    const guesses = this.names.map((label, index) => ({ label, confidence: probabilities[index] }));
    this.memory.add(guesses.filter(({ confidence }) => confidence >= LEAST_CONFIDENCE), performance.now());
    return super.update(probabilities);
  }
}

function messageOf(error: unknown): string {
  if (error instanceof CameraError) return error.message;
  if (error instanceof EngineError) return text("model_unsafe");
  return text("model_failed", { detail: error instanceof Error ? error.message : String(error) });
}

void settle().then((settings) => new Tablet(settings));
