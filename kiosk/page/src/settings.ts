/** How the kiosk's owner wants the page; known from the last time when the kiosk does not answer. */

import { fetchPageSettings, NoAnswerError, RefusedError, type PageSettings } from "./api";
import { chooseLanguage, speak, translate } from "./texts";

const KEPT_UNDER = "kiosk-page-settings";
const DEFAULTS: PageSettings = { language: "auto", live_picture: false, pay_link: null };

/** Asks for the settings and puts the page's texts into the right language. */
export async function settle(): Promise<PageSettings> {
  const settings = await ask();
  const forced = new URLSearchParams(location.search).get("lang");
  speak(chooseLanguage(forced ?? settings.language, navigator.languages));
  translate(document);
  return settings;
}

async function ask(): Promise<PageSettings> {
  try {
    const settings = await fetchPageSettings();
    keep(settings);
    return settings;
  } catch (error) {
    if (!(error instanceof NoAnswerError || error instanceof RefusedError)) throw error;
    return { ...DEFAULTS, ...kept() };
  }
}

function keep(settings: PageSettings): void {
  try {
    localStorage.setItem(KEPT_UNDER, JSON.stringify(settings));
  } catch {
    // A browser that may keep nothing asks the next time.
  }
}

function kept(): Partial<PageSettings> {
  try {
    return JSON.parse(localStorage.getItem(KEPT_UNDER) ?? "{}") as Partial<PageSettings>;
  } catch {
    return {};
  }
}
