/** All products, to choose from by hand. Always there, whatever camera and network do. */

import type { Product } from "../api";
import { make } from "../dom";
import { formatPrice } from "../format";

export class ProductList {
  private products: Product[] = [];

  constructor(
    private readonly root: HTMLElement,
    private readonly search: HTMLInputElement,
    private readonly choose: (product: Product) => void,
  ) {
    search.addEventListener("input", () => this.draw());
  }

  show(products: Product[]): void {
    this.products = products;
    this.draw();
  }

  /** The product of this label, if the shop sells it. */
  find(label: string): Product | undefined {
    return this.products.find((product) => product.label === label);
  }

  private draw(): void {
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const matching = this.products.filter((product) => product.name.toLocaleLowerCase().includes(wanted));
    if (matching.length === 0) this.root.replaceChildren(make("li", "quiet", "No product of that name."));
    else this.root.replaceChildren(...matching.map((product) => this.drawProduct(product)));
  }

  private drawProduct(product: Product): HTMLLIElement {
    const button = make(
      "button",
      "product",
      make("span", "product-name", product.name),
      make("span", "product-price", formatPrice(product.price_pence)),
    );
    button.type = "button";
    button.dataset.label = product.label;
    button.onclick = () => {
      this.search.value = "";
      this.draw();
      this.choose(product);
    };
    return make("li", "", button);
  }
}
