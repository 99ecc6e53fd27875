/** The kiosk's live event stream. Its `decision` events are not listened to: the `sale` beside each says more. */

import { fetchPageSettings, RefusedError, type Health, type Sale } from "./api";
import type { Guess } from "./guesses";

export interface NamedGuess extends Guess {
  name: string;
}

export interface Refusal {
  label: string;
  name: string;
  code: string;
  message: string;
}

export interface EventListeners {
  /** The stream stands, for the first time or again; whatever happened before was not told. */
  connected?(): void;
  lost?(): void;
  status?(health: Health): void;
  prediction?(guesses: NamedGuess[]): void;
  sale?(sale: Sale): void;
  /** The kiosk's camera recognised something, and no sale came of it. */
  refused?(refusal: Refusal): void;
}

const REOPEN_DELAY_MS = 3000;

/** A tablet whose pairing was taken back sees nothing any more but the way to pair it again. */
export async function leaveIfNotPaired(): Promise<void> {
  try {
    await fetchPageSettings();
  } catch (error) {
    // A kiosk that is only away comes back by itself.
    if (error instanceof RefusedError && error.code === "not_paired") location.assign("/pair");
  }
}

/** Follows the stream for as long as the page lives. */
export function followEvents(listeners: EventListeners): void {
  const source = new EventSource("/api/events");
  const on = <T>(name: string, hear: (data: T) => void): void => {
    source.addEventListener(name, (event) => hear(JSON.parse((event as MessageEvent<string>).data) as T));
  };
  on<Health>("status", (health) => listeners.status?.(health));
  on<{ guesses: NamedGuess[] }>("prediction", ({ guesses }) => listeners.prediction?.(guesses));
  on<Sale>("sale", (sale) => listeners.sale?.(sale));
  on<Refusal>("refused", (refusal) => listeners.refused?.(refusal));
  source.onopen = () => listeners.connected?.();
  source.onerror = () => {
    listeners.lost?.();
    // A stream that broke is opened again by the browser; one that was refused is not.
    if (source.readyState !== EventSource.CLOSED) return;
    void leaveIfNotPaired();
    setTimeout(() => followEvents(listeners), REOPEN_DELAY_MS);
  };
}
