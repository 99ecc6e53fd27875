/** The counter page: what the kiosk's own camera recognises, as it happens. */

import "./style.css";
import { fetchSales, NoAnswerError, type Sale } from "./api";
import { find } from "./dom";
import { followEvents, type Guess } from "./events";
import { formatPercent } from "./format";
import { SaleCard } from "./views/salecard";
import { SalesList } from "./views/saleslist";
import { StatusLine } from "./views/statusline";

const card = new SaleCard(find("card"), "Hold a product in front of the camera.");
const list = new SalesList(find("sales"));
const status = new StatusLine(find("status"));
const seeing = find("seeing");

followEvents({
  connected: () => void catchUp(),
  lost: () => {
    status.showLost();
    seeing.textContent = "";
  },
  status: (health) => {
    status.showHealth(health);
    if (!health.camera.live) seeing.textContent = "";
  },
  prediction: showGuess,
  refused: ({ label, name, message }) => card.showRefused({ label, name, price_pence: null }, message),
  sale: (sale) => {
    const isNew = list.isNewest(sale);
    list.update(sale);
    if (sale.id === card.currentSaleId || (isNew && sale.source === "camera")) card.showSale(sale);
  },
});

async function catchUp(): Promise<void> {
  try {
    const sales = await fetchSales(10);
    list.replace(sales);
    const [newest] = sales;
    if (newest !== undefined && isUndoable(newest)) card.showSale(newest);
  } catch (error) {
    // The stream tells when the kiosk is back, and this runs again.
    if (!(error instanceof NoAnswerError)) throw error;
    status.showLost();
  }
}

function isUndoable(sale: Sale): boolean {
  return sale.source === "camera" && sale.state === "held";
}

function showGuess(guesses: Guess[]): void {
  const [best] = guesses;
  const isProduct = best !== undefined && best.label !== "unknown";
  seeing.textContent = isProduct ? `Sees ${best.name}, ${formatPercent(best.confidence)} sure` : "Sees no product";
}
