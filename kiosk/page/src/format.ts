/** Prices, times and states in the words that people read. */

import type { Sale } from "./api";

export function formatPrice(pence: number | null): string {
  if (pence === null) return "no price";
  return pence < 100 ? `${pence}p` : `£${(pence / 100).toFixed(2)}`;
}

/** `seconds` since 1970 as hours and minutes. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

export function formatPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** A word or two for the list of sales. */
export function shortState(sale: Sale): string {
  return {
    held: "can be undone",
    pending: "waiting for the till",
    sending: "going to the till",
    settled: "on the till",
    rejected: "refused by the till",
    in_doubt: "being looked into",
    cancelled: "taken back",
  }[sale.state];
}

/** The heading over a sale. */
export function headingOf(sale: Sale): string {
  if (isBeingReturned(sale)) return "Taking back";
  return {
    held: "Buying",
    pending: "Bought",
    sending: "Bought",
    settled: "Bought",
    rejected: "Refused",
    in_doubt: "Unclear",
    cancelled: "Taken back",
  }[sale.state];
}

/** A sentence for the shopper who has just bought. */
export function longState(sale: Sale): string {
  if (isBeingReturned(sale)) return "The till is asked for the money back …";
  if (sale.refund === "in_doubt") return "Nobody knows yet whether the till gave the money back. Someone will look into it.";
  if (sale.refund === "given") return "Taken back. The till gave the money back.";
  return {
    held: "Not right? Undo takes it back.",
    pending: "Noted. It goes to the till as soon as the till answers.",
    sending: "Going to the till …",
    settled: sale.reason === null ? "It is on the till. Thank you!" : `It is on the till: ${sale.reason}.`,
    rejected: `The till refused it${sale.reason === null ? "" : `: ${sale.reason}`}.`,
    in_doubt: "The till did not answer clearly. Someone will look into it; do not buy it again.",
    cancelled: "Taken back. Nothing was charged.",
  }[sale.state];
}

function isBeingReturned({ refund }: Sale): boolean {
  return refund === "asked" || refund === "sending";
}
