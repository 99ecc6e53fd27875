import { afterEach, expect, it } from "vitest";

import { formatPrice } from "../src/format";
import { chooseLanguage, LANGUAGES, speak, text } from "../src/texts";

afterEach(() => speak("en"));

const placeholders = (words: string): string[] => (words.match(/\{\w+\}/g) ?? []).sort();

it.each(Object.entries(LANGUAGES))("has every text in %s, with the same placeholders as in English", (_, texts) => {
  const { en } = LANGUAGES;
  expect(Object.keys(texts).sort()).toEqual(Object.keys(en).sort());
  for (const [key, words] of Object.entries(texts)) {
    expect(words.trim(), key).not.toBe("");
    expect(placeholders(words), key).toEqual(placeholders(en[key as keyof typeof en]));
  }
});

it("speaks what the owner chose, else what the browser prefers, else English", () => {
  expect(chooseLanguage("de", ["en-GB"])).toBe("de");
  expect(chooseLanguage("auto", ["fr-FR", "de-AT", "en"])).toBe("de");
  expect(chooseLanguage("auto", ["fr-FR"])).toBe("en");
});

it("puts values into a text, and leaves what has none", () => {
  expect(text("found_many", { count: 3 })).toBe("3 products");
  expect(text("found_many")).toBe("{count} products");
});

it("writes prices as the language does", () => {
  speak("de");
  expect(formatPrice(85)).toMatch(/^0,85\s£$/);
  expect(formatPrice(null)).toBe("ohne Preis");
});
