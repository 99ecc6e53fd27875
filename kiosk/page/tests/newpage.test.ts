import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { isOfBuild, NewPage } from "../src/newpage";

const page = (build: string): string => `<html><head><meta name="build" content="${build}" /></head></html>`;

let reloads: number;
let touch: (() => void)[];
let isFree: boolean;
let answer: () => Promise<Response>;

beforeEach(() => {
  vi.useFakeTimers();
  reloads = 0;
  touch = [];
  isFree = true;
  answer = () => Promise.resolve(new Response(page("2")));
  vi.stubGlobal("document", {
    querySelector: () => ({ content: "1" }),
    addEventListener: (_: string, hear: () => void) => touch.push(hear),
  });
  vi.stubGlobal("window", { setInterval });
  vi.stubGlobal("location", { pathname: "/tablet", reload: () => (reloads += 1) });
  vi.stubGlobal("fetch", () => answer());
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function look(): Promise<void> {
  await new NewPage(() => isFree).look();
}

it("gives way to a new page once nobody has touched it for a while", async () => {
  await look();
  expect(reloads).toBe(0);
  await vi.advanceTimersByTimeAsync(7000);
  expect(reloads).toBeGreaterThan(0);
});

it("does not give way in the middle of a sale", async () => {
  isFree = false;
  await look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reloads).toBe(0);
  isFree = true;
  await vi.advanceTimersByTimeAsync(2000);
  expect(reloads).toBeGreaterThan(0);
});

it("does not give way while somebody is using it", async () => {
  await look();
  for (let seconds = 0; seconds < 20; seconds += 1) {
    touch.forEach((hear) => hear());
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(reloads).toBe(0);
});

it.each([
  ["the same page", () => Promise.resolve(new Response(page("1")))],
  ["something that is no page of ours", () => Promise.resolve(new Response("<h1>Log in to this network</h1>"))],
  ["a refusal", () => Promise.resolve(new Response(page("2"), { status: 401 }))],
  ["no answer", () => Promise.reject(new TypeError("Failed to fetch"))],
])("stays for %s", async (_, given) => {
  answer = given;
  await look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reloads).toBe(0);
});

it("knows a build by its name", () => {
  expect(isOfBuild(page("1"), "1")).toBe(true);
  expect(isOfBuild(page("12"), "1")).toBe(false);
});
