/** The tablet page: this device's own camera and network, and the list to choose from by hand. */

import "./style.css";
import { fetchCatalogue, fetchVoting, newId, NoAnswerError, RefusedError, reportDecision, type Product } from "./api";
import { loadManifest, type Manifest } from "./bundle";
import { openCamera } from "./camera";
import { find } from "./dom";
import { candidates, EngineError, startEngine, type Engine } from "./engine";
import { followEvents } from "./events";
import { formatPercent } from "./format";
import { recognise, type Seen } from "./recognise";
import { About } from "./views/about";
import { ProductList } from "./views/productlist";
import { SaleCard } from "./views/salecard";
import { StatusLine } from "./views/statusline";
import { Voter, type Decision } from "./voting";

const video = find<HTMLVideoElement>("video");
const viewfinder = find("viewfinder");
const seeing = find("seeing");
const notice = find("notice");
const card = new SaleCard(find("card"), "Hold a product in front of this device's camera.");
const status = new StatusLine(find("status"));
const about = new About(find("about"));
const products = new ProductList(find("products"), find<HTMLInputElement>("search"), (product) => {
  void report(product, chosenByHand(product));
});

followEvents({
  connected: () => void showProducts(),
  lost: () => status.showLost(),
  status: (health) => status.showHealth(health),
  sale: (sale) => {
    if (sale.id === card.currentSaleId) card.showSale(sale);
  },
});
void watch();

async function showProducts(): Promise<void> {
  try {
    products.show(await fetchCatalogue());
  } catch (error) {
    // The stream tells when the kiosk is back, and this runs again.
    if (!(error instanceof NoAnswerError)) throw error;
    status.showLost();
  }
}

/** Camera and network, for as long as both work. Whatever fails is said, and the list stays. */
async function watch(): Promise<void> {
  const stop = new AbortController();
  try {
    const track = await openCamera(video);
    track.onended = () => {
      stop.abort();
      showNotice("The camera was taken away. Load this page again to go on.");
    };
    seeing.textContent = "Getting the model ready …";
    const { engine, manifest } = await prepare();
    const voter = new Voter(
      manifest.labels.map(({ id }) => id),
      await fetchVoting(),
    );
    viewfinder.dataset.state = "live";
    const listener = { seen: showSeen, decided: (one: Decision) => decided(manifest, one) };
    await recognise(video, engine, manifest, voter, listener, stop.signal);
  } catch (error) {
    showNotice(error instanceof Error ? error.message : String(error));
  }
}

async function prepare(): Promise<{ engine: Engine; manifest: Manifest }> {
  const manifest = await loadManifest();
  const forced = new URLSearchParams(location.search).get("backend");
  try {
    const { engine, attempts } = await startEngine(manifest, candidates(forced));
    about.showAttempts(attempts);
    return { engine, manifest };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    about.showAttempts(error.attempts);
    throw new Error("This device cannot run the model safely (see “About this device” below).", { cause: error });
  }
}

function showNotice(message: string): void {
  viewfinder.dataset.state = "off";
  card.invite("Choose a product from the list.");
  notice.textContent = `${message} You can always choose from the list.`;
}

function showSeen({ product, confidence, frameMs }: Seen): void {
  seeing.textContent = product === null ? "Sees no product" : `Sees ${product.name}, ${formatPercent(confidence)} sure`;
  about.addFrame(frameMs);
}

function decided(manifest: Manifest, decision: Decision): void {
  const label = manifest.labels.find(({ id }) => id === decision.label);
  const product = products.find(decision.label) ?? {
    label: decision.label,
    name: label?.name ?? decision.label,
    price_pence: label?.price_pence ?? null,
  };
  void report(product, decision);
}

/** A person is sure of what they chose, and no vote was taken. */
function chosenByHand(product: Product): Decision {
  return { label: product.label, confidence: 1, votes: 0 };
}

/** Makes it a sale. The same `id` is used however often it has to be sent, so it is never bought twice. */
async function report(product: Product, decision: Decision, id = newId()): Promise<void> {
  card.showProduct(product, decision.votes === 0 ? "Chosen" : "Recognised");
  try {
    card.showSale(await reportDecision(id, decision));
  } catch (error) {
    if (error instanceof RefusedError) card.showRefused(product, error.message);
    else if (error instanceof NoAnswerError) card.showNoAnswer(product, () => void report(product, decision, id));
    else throw error;
  }
}
