/** All products, to choose from by hand; the best guesses first. Always there, whatever camera and network do. */

import type { Product } from "../api";
import { make } from "../dom";
import { formatPrice } from "../format";
import { text } from "../texts";
import { makeTile } from "./tile";

export interface ListPlaces {
  heading: HTMLElement;
  products: HTMLElement;
  search: HTMLInputElement;
  /** The guesses with their heading. */
  guesses: HTMLElement;
  /** Says how many were found, to those who cannot see it. */
  found: HTMLElement;
}

export class ProductList {
  private products: Product[] | null = null;
  private guessed: string[] = [];
  private readonly guessList = make("ul", "products");

  constructor(
    private readonly places: ListPlaces,
    private readonly choose: (product: Product) => void,
  ) {
    places.guesses.append(this.guessList);
    places.search.addEventListener("input", () => this.draw());
    places.search.addEventListener("keydown", (event) => {
      // Nothing is bought by a stray Enter: it only leads to the first product found.
      if (event.key === "Enter") this.places.products.querySelector("button")?.focus();
    });
    this.draw();
  }

  show(products: Product[]): void {
    this.products = products;
    this.draw();
  }

  /** Begins anew: these guesses first, nothing searched for. */
  suggest(labels: string[]): void {
    this.guessed = labels;
    this.places.search.value = "";
    this.draw();
  }

  /** The product of this label, if the shop sells it. */
  find(label: string): Product | undefined {
    return this.products?.find((product) => product.label === label);
  }

  private draw(): void {
    const wanted = plain(this.places.search.value);
    const isSearching = wanted !== "";
    const guesses = this.guessed.map((label) => this.find(label)).filter((product) => product !== undefined);
    this.places.guesses.hidden = isSearching || guesses.length === 0;
    this.guessList.replaceChildren(...guesses.map((product) => this.drawProduct(product)));
    const matching = (this.products ?? []).filter((product) => matches(product.name, wanted));
    this.places.heading.textContent = text(isSearching ? "found_products" : "all_products");
    this.places.found.textContent = isSearching ? countText(matching.length) : "";
    if (this.products === null) this.drawNothing(text("loading_list"));
    else if (matching.length === 0) this.drawNothing(text("none_found"));
    else this.places.products.replaceChildren(...matching.map((product) => this.drawProduct(product)));
  }

  private drawNothing(why: string): void {
    this.places.products.replaceChildren(make("li", "quiet", why));
  }

  private drawProduct(product: Product): HTMLLIElement {
    const button = make(
      "button",
      "product",
      makeTile(product),
      make("span", "product-name", product.name),
      make("span", "product-price", formatPrice(product.price_pence)),
    );
    button.type = "button";
    button.dataset.label = product.label;
    button.onclick = () => this.choose(product);
    return make("li", "", button);
  }
}

/** Whether each word that was typed is somewhere in the name, whatever its accents and capitals. */
export function matches(name: string, wanted: string): boolean {
  const whole = plain(name);
  return plain(wanted).split(/\s+/).every((part) => whole.includes(part));
}

function plain(name: string): string {
  return name.trim().toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
}

function countText(count: number): string {
  if (count === 0) return text("none_found");
  return count === 1 ? text("found_one") : text("found_many", { count });
}
