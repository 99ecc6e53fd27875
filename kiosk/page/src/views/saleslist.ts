/** The last sales, newest first. */

import type { Sale } from "../api";
import { make } from "../dom";
import { formatPrice, formatTime, shortState } from "../format";
import { text } from "../texts";

const LENGTH = 6;

export class SalesList {
  private sales: Sale[] = [];

  constructor(private readonly root: HTMLElement) {
    this.draw();
  }

  replace(sales: Sale[]): void {
    this.sales = sales.slice(0, LENGTH);
    this.draw();
  }

  /** Why the kiosk does not tell of its sales; those that are shown stay. */
  showTrouble(message: string): void {
    if (this.sales.length === 0) this.root.replaceChildren(make("li", "quiet", message));
  }

  /** Whether `sale` was taken after every sale in the list. */
  isNewest(sale: Sale): boolean {
    return this.sales.every((known) => known.taken_at < sale.taken_at);
  }

  /** Puts in a new sale, or the new state of one that is there. */
  update(sale: Sale): void {
    const others = this.sales.filter((known) => known.id !== sale.id);
    this.sales = [...others, sale].sort((a, b) => b.taken_at - a.taken_at).slice(0, LENGTH);
    this.draw();
  }

  private draw(): void {
    if (this.sales.length === 0) {
      this.root.replaceChildren(make("li", "quiet", text("no_sales")));
      return;
    }
    this.root.replaceChildren(...this.sales.map(drawSale));
  }
}

function drawSale(sale: Sale): HTMLLIElement {
  const item = make(
    "li",
    "sale",
    make("span", "sale-time", formatTime(sale.taken_at)),
    make("span", "sale-name", sale.name),
    make("span", "sale-price", formatPrice(sale.price_pence)),
    make("span", "sale-state", shortState(sale)),
  );
  item.dataset.state = sale.state;
  item.dataset.label = sale.label;
  return item;
}
