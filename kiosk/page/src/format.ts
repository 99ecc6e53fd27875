/** Prices, times and states in the words that people read. */

import type { RefusedError, Sale } from "./api";
import { language, text, type Key } from "./texts";

export function formatPrice(pence: number | null): string {
  if (pence === null) return text("no_price");
  if (language() === "en") return pence < 100 ? `${pence}p` : `£${(pence / 100).toFixed(2)}`;
  return (pence / 100).toLocaleString(language(), { style: "currency", currency: "GBP" });
}

/** `seconds` since 1970 as hours and minutes. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** A word or two for the list of sales. */
export function shortState(sale: Sale): string {
  return text(`state_${sale.state}`);
}

const HEADINGS: Record<Sale["state"], Key> = {
  held: "buying",
  pending: "bought",
  sending: "bought",
  settled: "bought",
  rejected: "refused",
  in_doubt: "unclear",
  cancelled: "taken_back",
};

/** The heading over a sale. */
export function headingOf(sale: Sale): string {
  return text(isBeingReturned(sale) ? "taking_back" : HEADINGS[sale.state]);
}

/** A sentence for the shopper who has just bought. */
export function longState(sale: Sale): string {
  if (isBeingReturned(sale)) return text("note_refund_asked");
  if (sale.refund === "in_doubt") return text("note_refund_in_doubt");
  if (sale.refund === "given") return text("note_refund_given");
  const { state, reason } = sale;
  if (reason !== null && (state === "settled" || state === "rejected")) return text(`note_${state}_reason`, { reason });
  return text(`note_${state}`);
}

/** Why the kiosk took no sale, in a shopper's words; what a volunteer needs to know is in the kiosk's log. */
export function refusalText({ code, message }: Pick<RefusedError, "code" | "message">): string {
  if (code === "not_sold") return text("refused_not_sold");
  if (code === "not_kept") return text("refused_not_kept");
  if (code === "not_possible") return text("refused_too_late");
  if (code === "too_many") return text("refused_busy");
  if (code === "no_such_sale" || code === "taken_back") return text("note_cancelled");
  return text("refused_other", { message });
}

function isBeingReturned({ refund }: Sale): boolean {
  return refund === "asked" || refund === "sending";
}
