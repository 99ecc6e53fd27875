/** What the kiosk offers over HTTP. */

import type { Decision, VotingSettings } from "./voting";

export interface Product {
  label: string;
  name: string;
  price_pence: number | null;
  /** Where the kiosk serves its picture. */
  picture?: string | null;
}

/** How the kiosk's owner wants the page. */
export interface PageSettings {
  language: "auto" | "en" | "de";
  live_picture: boolean;
  /** For those who pay from their own phone: one code for the whole shop, one for each product, or none. */
  pay_link: "shop" | "item" | null;
  /** Whether this is the kiosk's own screen, which may show a code that pairs a tablet. */
  pairs?: boolean;
}

export type SaleState = "held" | "pending" | "sending" | "settled" | "rejected" | "in_doubt" | "cancelled";

export interface Sale extends Product {
  id: string;
  confidence: number;
  source: "camera" | "page";
  state: SaleState;
  reason: string | null;
  /** Seconds since 1970, by the kiosk's clock. */
  taken_at: number;
  /** Where giving its money back stands. */
  refund: "asked" | "sending" | "in_doubt" | "given" | null;
  /** In which it can still be taken back: before it is sent, or by a refund. 0 when it cannot. */
  undo_seconds_left: number;
}

export interface Health {
  status: "ok" | "degraded";
  /** `code` names the reason in `detail` for a page that knows it in its own language. */
  camera: { name: string; live: boolean; detail: string | null; code?: string | null };
  bundle: string;
  till: { name: string };
  /** `revision`: another one for each change of what is sold, since the kiosk's start. */
  catalogue?: { revision?: number };
  /** `usable`: whether a sale can be kept just now; if not, none is taken, and `detail` says why. */
  outbox: { pending: number; oldest_age_seconds: number; usable: boolean; detail: string | null };
  version: string;
}

/** The kiosk answered, and said no. */
export class RefusedError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code = "",
  ) {
    super(message);
  }
}

/** No answer came. Whether the kiosk heard the question, nobody knows. */
export class NoAnswerError extends Error {}

const ANSWER_TIMEOUT_MS = 8000;
/** Waits before each further try to report a decision that cannot be noted. */
const RETRY_DELAYS_MS = [500, 1000, 2000, 4000];
export const TOO_MANY_REQUESTS = 429;

/** `isFresh`: the kiosk is there, so nothing that was kept from earlier may stand in for its answer in haste. */
export async function fetchCatalogue(isFresh = false): Promise<Product[]> {
  const init: RequestInit = isFresh ? { cache: "no-cache" } : {};
  return (await ask<{ products: Product[] }>("/api/catalogue", init)).products;
}

export function fetchPageSettings(): Promise<PageSettings> {
  return ask<PageSettings>("/api/page");
}

/** Where the kiosk draws the pay link as a QR code: the shop's, or a product's. */
export function payCodeAddress(label?: string): string {
  return label === undefined ? "/api/pay-code" : `/api/pay-code/${encodeURIComponent(label)}`;
}

/** The vote that the kiosk's owner wants taken. */
export function fetchVoting(): Promise<VotingSettings> {
  return ask<VotingSettings>("/api/voting");
}

/** The newest sales, newest first. */
export async function fetchSales(limit: number): Promise<Sale[]> {
  return (await ask<{ sales: Sale[] }>(`/api/sales?limit=${limit}`)).sales;
}

/** Takes a sale back, while that can still be done. */
export async function undoSale(id: string): Promise<Sale> {
  return post<Sale>(`/api/sales/${encodeURIComponent(id)}/undo`, {});
}

/**
 * Makes a decision a sale. However often it is sent with the same `id`, the kiosk takes one sale.
 *
 * @throws RefusedError when the kiosk says no, NoAnswerError when it stays silent.
 */
export async function sendDecision(id: string, decision: Decision): Promise<Sale> {
  const sale = await post<Sale>("/api/decisions", { id, ...decision });
  // Some networks answer in the kiosk's place.
  if (sale.id !== id) throw new NoAnswerError("That was not the kiosk's answer.");
  return sale;
}

/** The same where nothing can be noted: sent again when no answer came, or when the kiosk had too much to do. */
export async function reportDecision(id: string, decision: Decision, delaysMs = RETRY_DELAYS_MS): Promise<Sale> {
  for (const delayMs of delaysMs) {
    try {
      return await sendDecision(id, decision);
    } catch (error) {
      const busy = error instanceof RefusedError && error.status === TOO_MANY_REQUESTS;
      if (!busy && !(error instanceof NoAnswerError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
  return sendDecision(id, decision);
}

/** A fresh UUID (version 4). `crypto.randomUUID` is missing on plain http, where the product list must still work. */
export function newId(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function post<T>(path: string, body: unknown): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), ANSWER_TIMEOUT_MS);
  try {
    const response = await fetch(path, { ...init, signal: timeout.signal });
    const body = (await response.json()) as T & { error?: { message: string; code: string } };
    if (!response.ok) {
      const { message, code } = body.error ?? { message: `status ${response.status}`, code: "" };
      throw new RefusedError(message, response.status, code);
    }
    return body;
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw new NoAnswerError("The kiosk does not answer.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
