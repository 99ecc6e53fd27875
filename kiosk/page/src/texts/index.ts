/** Which language the page speaks, and its texts. */

import { de } from "./de";
import { en, type Key, type Texts } from "./en";

export type { Key } from "./en";

export const LANGUAGES = { en, de } satisfies Record<string, Texts>;
export type Language = keyof typeof LANGUAGES;

let current: Language = "en";

/** The language in use. */
export function language(): Language {
  return current;
}

/** The owner's choice if there is one, else the first of the browser's languages that the page speaks, else English. */
export function chooseLanguage(wanted: string, browser: readonly string[]): Language {
  const speaks = (one: string): one is Language => one in LANGUAGES;
  if (speaks(wanted)) return wanted;
  return browser.map((tag) => tag.toLowerCase().split("-")[0]).find(speaks) ?? "en";
}

export function speak(chosen: Language): void {
  current = chosen;
}

/** Whether there is such a text: names that the kiosk gives may be newer than this page. */
export function isKey(key: string): key is Key {
  return key in en;
}

/** A text, with the values of its {placeholders}. */
export function text(key: Key, values: Record<string, string | number> = {}): string {
  return LANGUAGES[current][key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Puts the texts into the page's own HTML, where `data-text` and its like name them. */
export function translate(page: Document): void {
  page.documentElement.lang = current;
  page.title = text("title");
  for (const element of page.querySelectorAll<HTMLElement>("[data-text]")) {
    element.textContent = text(element.dataset.text as Key);
  }
  for (const element of page.querySelectorAll<HTMLElement>("[data-label]")) {
    element.setAttribute("aria-label", text(element.dataset.label as Key));
  }
  for (const element of page.querySelectorAll<HTMLInputElement>("[data-placeholder]")) {
    element.placeholder = text(element.dataset.placeholder as Key);
  }
}
