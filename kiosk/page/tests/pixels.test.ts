import { beforeEach, expect, it, vi } from "vitest";

import { PixelReader } from "../src/pixels";

const COPIED = 100;
const DRAWN = 101;
const SIDE = 480;
const WHOLE = SIDE * SIDE * 4;

/** A browser's frame: what it is marked with, and what becomes of a copy. */
class ToldFrame {
  static marks: Record<string, unknown>;
  static bytes: number;
  static level: number;
  static copy: () => Promise<void>;
  static made: number;
  static open: number;
  visibleRect = { x: 0, y: 0, width: 640, height: SIDE };

  constructor() {
    ToldFrame.made += 1;
    ToldFrame.open += 1;
    Object.assign(this, ToldFrame.marks);
  }

  allocationSize(): number {
    return ToldFrame.bytes;
  }

  async copyTo(data: Uint8ClampedArray): Promise<void> {
    await ToldFrame.copy();
    data.fill(ToldFrame.level);
  }

  close(): void {
    ToldFrame.open -= 1;
  }
}

const drawings: unknown[] = [];
const context = {
  drawImage: (source: unknown) => drawings.push(source),
  getImageData: (_x: number, _y: number, width: number, height: number) => ({
    width,
    height,
    data: new Uint8ClampedArray(width * height * 4).fill(DRAWN),
  }),
};
const video = (width = 640, height = SIDE): HTMLVideoElement =>
  ({ videoWidth: width, videoHeight: height }) as HTMLVideoElement;

async function levels(reader: PixelReader, frames: number, shown = video()): Promise<number[]> {
  const seen: number[] = [];
  for (let frame = 0; frame < frames; frame += 1) seen.push((await reader.read(shown)).data[0]);
  return seen;
}

beforeEach(() => {
  drawings.length = 0;
  Object.assign(ToldFrame, { marks: { rotation: 0, flip: false }, bytes: WHOLE, level: COPIED, made: 0, open: 0 });
  ToldFrame.copy = () => Promise.resolve();
  vi.stubGlobal("window", globalThis);
  vi.stubGlobal("document", { createElement: () => ({ width: 0, height: 0, getContext: () => context }) });
  vi.stubGlobal("VideoFrame", ToldFrame);
});

it("copies the middle square, and holds every hundredth copy against the canvas", async () => {
  const reader = new PixelReader();
  const image = await reader.read(video());
  expect([image.width, image.height, image.data.length, image.data[0]]).toEqual([SIDE, SIDE, WHOLE, COPIED]);
  await levels(reader, 99);
  expect(drawings).toHaveLength(1);
  await levels(reader, 1);
  expect(drawings).toHaveLength(2);
  expect(ToldFrame.open).toBe(0);
});

it.each([
  ["is turned", { rotation: 180, flip: false }],
  ["is mirrored", { rotation: 0, flip: true }],
  ["does not tell how it is turned", {}],
  ["is of another size than what is shown", { visibleRect: { x: 0, y: 0, width: SIDE, height: 640 } }],
])("draws a frame that %s, and copies again once one is plain", async (_what, marks) => {
  const reader = new PixelReader();
  ToldFrame.marks = { rotation: undefined, flip: undefined, ...marks };
  expect(await levels(reader, 2)).toEqual([DRAWN, DRAWN]);
  ToldFrame.marks = { rotation: 0, flip: false };
  expect(await levels(reader, 2)).toEqual([COPIED, COPIED]);
  expect(ToldFrame.open).toBe(0);
});

it("draws where a browser pays no heed to the wish for RGBA", async () => {
  ToldFrame.bytes = SIDE * SIDE * 1.5;
  expect(await levels(new PixelReader(), 1)).toEqual([DRAWN]);
});

it("draws a square that would cut a pair of pixels in two", async () => {
  ToldFrame.marks = { rotation: 0, flip: false, visibleRect: { x: 0, y: 0, width: 642, height: SIDE } };
  expect(await levels(new PixelReader(), 1, video(642))).toEqual([DRAWN]);
});

it("draws for good once a copy shows another picture", async () => {
  const reader = new PixelReader();
  ToldFrame.level = 150;
  expect(await levels(reader, 3)).toEqual([DRAWN, DRAWN, DRAWN]);
  expect([ToldFrame.made, ToldFrame.open]).toEqual([1, 0]);
});

it("draws for good once a copy is refused", async () => {
  const reader = new PixelReader();
  ToldFrame.copy = () => Promise.reject(new DOMException("no", "NotSupportedError"));
  expect(await levels(reader, 3)).toEqual([DRAWN, DRAWN, DRAWN]);
  expect([ToldFrame.made, ToldFrame.open]).toEqual([1, 0]);
});

it("draws where there are no frames to be had", async () => {
  Reflect.deleteProperty(globalThis, "VideoFrame");
  expect(await levels(new PixelReader(), 1)).toEqual([DRAWN]);
});

it("cannot read without a canvas", () => {
  vi.stubGlobal("document", { createElement: () => ({ getContext: () => null }) });
  expect(new PixelReader().canRead).toBe(false);
});
