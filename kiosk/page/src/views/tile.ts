/** A product's picture, or its initials on a colour of its own. Never read out: the name stands beside it. */

import { make } from "../dom";

const HUES = 8;

export interface Pictured {
  label: string;
  name: string;
  /** Where the kiosk serves it. */
  picture?: string | null;
}

export function makeTile(product: Pictured, className = ""): HTMLElement {
  const tile = make("span", `tile ${className}`);
  tile.setAttribute("aria-hidden", "true");
  if (product.picture) tile.append(makePicture(product, tile));
  else showInitials(product, tile);
  return tile;
}

function makePicture(product: Pictured, tile: HTMLElement): HTMLImageElement {
  const image = make("img");
  image.alt = "";
  image.decoding = "async";
  image.src = product.picture ?? "";
  image.onerror = () => {
    image.remove();
    showInitials(product, tile);
  };
  return image;
}

function showInitials({ label, name }: Pictured, tile: HTMLElement): void {
  tile.dataset.hue = String(hueOf(label));
  tile.textContent = initialsOf(name);
}

/** The first letters of the first two words. */
export function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  return words.slice(0, 2).map((word) => ([...word][0] ?? "").toLocaleUpperCase()).join("");
}

/** The same label has the same colour on every device: 0 to 7. */
export function hueOf(label: string): number {
  let sum = 0;
  for (const character of label) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % HUES;
}
