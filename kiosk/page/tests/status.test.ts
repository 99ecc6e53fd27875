import { afterEach, expect, it } from "vitest";

import type { Health } from "../src/api";
import { formatPrice } from "../src/format";
import { speak } from "../src/texts";
import { findTroubles } from "../src/views/statusline";

const healthy: Health = {
  status: "ok",
  camera: { name: "clip", live: true, detail: null },
  bundle: "demo",
  till: { name: "ledger" },
  outbox: { pending: 0, oldest_age_seconds: 0, usable: true, detail: null },
  version: "0.1.0",
};

it("finds no trouble in a healthy kiosk, nor in a sale that has just been made", () => {
  expect(findTroubles(healthy)).toEqual([]);
  expect(findTroubles({ ...healthy, outbox: { ...healthy.outbox, pending: 1, oldest_age_seconds: 5 } })).toEqual([]);
});

it("says that the camera is gone, and why", () => {
  const health: Health = { ...healthy, status: "degraded", camera: { name: "0", live: false, detail: "unplugged" } };
  expect(findTroubles(health)).toEqual([expect.stringContaining("unplugged")]);
});

it("says why the camera is gone in the page's own language, where the kiosk's reason is a known one", () => {
  speak("de");
  const gone = { name: "0", live: false, detail: "0: no such camera; plug it in" };
  const told = (code?: string | null) => findTroubles({ ...healthy, camera: { ...gone, ...(code !== undefined && { code }) } });
  expect(told("not_found")).toEqual(["Die Kamera des Kiosks liefert keine Bilder (sie ist nicht zu finden). Wähle aus der Liste."]);
  for (const code of ["from_a_newer_kiosk", "", "toString", null, undefined]) {
    expect(told(code), code ?? "none").toEqual([expect.stringContaining("(0: no such camera; plug it in)")]);
  }
});

afterEach(() => speak("en"));

it("says that sales have been waiting for long", () => {
  const health = { ...healthy, outbox: { ...healthy.outbox, pending: 2, oldest_age_seconds: 600 } };
  expect(findTroubles(health)).toEqual([expect.stringContaining("2 waiting")]);
});

it("sends shoppers to the list on paper while no sale can be kept", () => {
  const outbox = { ...healthy.outbox, usable: false, detail: "the disk is full" };
  const troubles = findTroubles({ ...healthy, status: "degraded", outbox });
  expect(troubles).toEqual([expect.stringContaining("please use the list")]);
});

it("never calls a degraded kiosk well", () => {
  expect(findTroubles({ ...healthy, status: "degraded" })).toHaveLength(1);
});

it.each([
  [null, "no price"],
  [0, "0p"],
  [85, "85p"],
  [100, "£1.00"],
  [1205, "£12.05"],
])("writes %s pence as %s", (pence, text) => {
  expect(formatPrice(pence)).toBe(text);
});
