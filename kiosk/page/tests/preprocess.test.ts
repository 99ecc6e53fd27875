import { describe, expect, it } from "vitest";

import { centreSquare, Preprocessor, type RgbaImage } from "../src/preprocess";

type Colour = [number, number, number];

interface Picture {
  name: string;
  width: number;
  height: number;
  formula: "noise" | "slopes" | "halves";
  seed?: number;
  colours?: [Colour, Colour];
  /** RGB, size x size x 3 bytes, in base64. */
  expected: string;
}

interface Table {
  size_px: number;
  images: Picture[];
}

const tables = import.meta.glob<Table>("../../../tests/vectors/preprocessing/*.json", {
  eager: true,
  import: "default",
});

/** The picture by its formula; see tests/vectors/README.md. */
function draw(picture: Picture): RgbaImage {
  const { width, height } = picture;
  const data = new Uint8ClampedArray(width * height * 4);
  let state = picture.seed ?? 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        state = (state * 16807) % 2147483647;
        data[(y * width + x) * 4 + channel] = {
          noise: (state >> 7) % 256,
          slopes: (x * (3 + channel) + y * (5 - channel) + 40 * channel) % 256,
          halves: picture.colours?.[x < width >> 1 ? 0 : 1][channel] ?? 0,
        }[picture.formula];
      }
      data[(y * width + x) * 4 + 3] = 255;
    }
  }
  return { width, height, data };
}

function largestDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  let largest = 0;
  for (let index = 0; index < found.length; index += 1) {
    largest = Math.max(largest, Math.abs(found[index] - expected[index]));
  }
  return largest;
}

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

describe.each(Object.entries(tables))("%s", (_path, { size_px, images }) => {
  it.each(images)("$name", (picture) => {
    const found = new Preprocessor(size_px).run(draw(picture));
    expect(largestDifference(found, decode(picture.expected))).toBeLessThanOrEqual(1);
  });
});

it("finds the tables", () => {
  expect(Object.keys(tables).length).toBeGreaterThanOrEqual(3);
});

it("would notice red and blue swapped", () => {
  const [{ size_px, images }] = Object.values(tables).filter(({ images: [first] }) => first.formula === "halves");
  const swapped = draw(images[0]);
  for (let at = 0; at < swapped.data.length; at += 4) {
    [swapped.data[at], swapped.data[at + 2]] = [swapped.data[at + 2], swapped.data[at]];
  }
  const found = new Preprocessor(size_px).run(swapped);
  expect(largestDifference(found, decode(images[0].expected))).toBeGreaterThan(100);
});

it("gives the same again after an image of another size", () => {
  const images = Object.values(tables)[0].images;
  const preprocessor = new Preprocessor(32);
  const alone = preprocessor.run(draw(images[0])).slice();
  preprocessor.run(draw(images[1]));
  expect(preprocessor.run(draw(images[0]))).toEqual(alone);
});

it("cuts an odd rest more at the far end", () => {
  expect(centreSquare(90, 47)).toEqual({ left: 21, top: 0, side: 47 });
  expect(centreSquare(48, 95)).toEqual({ left: 0, top: 23, side: 48 });
});
