/** Does this browser give the probabilities that the trainer saw? Asked before anything is recognised for money. */

import { bundleAddress, type Golden, type Manifest } from "../bundle";
import type { RgbaImage } from "../preprocess";

/** Largest allowed difference in a probability; the same as on the kiosk. */
export const TOLERANCE = 0.1;

/** How one golden image came out. */
export interface GoldenResult {
  image: string;
  expected: string;
  found: string;
  /** Largest difference in any probability. */
  difference: number;
  good: boolean;
}

interface Classifier {
  classify(image: RgbaImage): Promise<Float32Array>;
}

/** Sends each golden image down the way that a camera image goes, and compares. */
export async function runGolden(manifest: Manifest, classifier: Classifier): Promise<GoldenResult[]> {
  const results: GoldenResult[] = [];
  for await (const { golden, image } of goldenImages(manifest)) {
    results.push(compare(manifest, golden, await classifier.classify(image)));
  }
  return results;
}

/** The golden images with their pixels, one at a time; over and over until there were `count`, or each once. */
export async function* goldenImages(
  manifest: Manifest,
  count = manifest.golden.length,
): AsyncGenerator<{ golden: Golden; image: RgbaImage }> {
  for (let number = 0; number < count; number += 1) {
    const golden = manifest.golden[number % manifest.golden.length];
    yield { golden, image: await readImage(bundleAddress(manifest.id, golden.image)) };
  }
}

/** Places `found` beside what the manifest expects of the float form. */
export function compare(manifest: Manifest, golden: Golden, found: ArrayLike<number>): GoldenResult {
  const differences = golden.float_probabilities.map((value, index) => Math.abs(value - found[index]));
  const difference = Math.max(...differences);
  const names = manifest.labels.map((label) => label.id);
  const expectedLabel = names[bestIndex(golden.float_probabilities)];
  const foundLabel = names[bestIndex(found)];
  return {
    image: golden.image,
    expected: expectedLabel,
    found: foundLabel,
    difference,
    good: expectedLabel === foundLabel && difference <= TOLERANCE,
  };
}

/** Where the highest value stands; the first of equals. */
export function bestIndex(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) if (values[index] > values[best]) best = index;
  return best;
}

async function readImage(address: string): Promise<RgbaImage> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the kiosk did not give ${address} (${response.status})`);
  const bitmap = await createImageBitmap(await response.blob());
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser gives no canvas");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, canvas.width, canvas.height);
}
