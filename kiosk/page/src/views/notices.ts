/** What was noted on this device and the kiosk did not take, until a person has read it. */

import type { Entry } from "../queue";
import { make } from "../dom";
import { formatTime, refusalText } from "../format";
import { text } from "../texts";

export class Notices {
  private readonly list = make("ul");

  /** `before`: the element above which they stand. */
  constructor(
    before: HTMLElement,
    private readonly dismiss: (entry: Entry) => void,
  ) {
    const place = make("div", "refused", this.list);
    place.setAttribute("role", "status");
    before.before(place);
  }

  show(entries: Entry[]): void {
    this.list.replaceChildren(...entries.map((entry) => this.draw(entry)));
  }

  private draw(entry: Entry): HTMLLIElement {
    const { product, notedAt, isUndone, refusal } = entry;
    const reason = refusal === null ? "" : refusalText(refusal);
    const values = { name: product.name, time: formatTime(notedAt / 1000), reason };
    const button = make("button", "button", text("dismiss"));
    button.type = "button";
    button.onclick = () => this.dismiss(entry);
    return make("li", "notice", make("span", "", text(isUndone ? "not_undone_later" : "refused_later", values)), button);
  }
}
