/** The bundle's manifest, as far as the page needs it: labels, preprocessing, golden images. */

export const UNKNOWN = "unknown";
const FORMAT = 1;
const ROOT = "/bundle/";

export interface Label {
  id: string;
  name: string;
  price_pence: number | null;
}

/** An image and the probabilities that the network must give for it, in the order of the labels. */
export interface Golden {
  image: string;
  label: string;
  float_probabilities: number[];
}

export interface Manifest {
  id: string;
  /** In the order of the network's output. */
  labels: Label[];
  preprocessing: { size_px: number };
  golden: Golden[];
}

/** The bundle cannot be used by this page; the message is for a person. */
export class BundleError extends Error {}

/** Where the kiosk serves a file of this bundle. What is there never changes: another bundle has another id. */
export function bundleAddress(id: string, path: string): string {
  return `${ROOT}${encodeURIComponent(id)}/${path}`;
}

/** Fetches the manifest and checks that this page knows how to obey it. */
export async function loadManifest(): Promise<Manifest> {
  const response = await fetch(`${ROOT}bundle.json`, { cache: "no-cache" });
  if (!response.ok) throw new BundleError(`The kiosk gave no model (it answered ${response.status}).`);
  return checkManifest(await response.json());
}

/** Refuses whatever this page would otherwise get wrong without a word. */
export function checkManifest(found: unknown): Manifest {
  const manifest = found as Manifest & Record<string, unknown>;
  if (typeof found !== "object" || found === null) throw new BundleError("The model's manifest is not an object.");
  expectValue("format", manifest.format, FORMAT);
  const preprocessing = { ...manifest.preprocessing } as Record<string, unknown>;
  expectValue("preprocessing.crop", preprocessing.crop, "centre-square");
  expectValue("preprocessing.resize", preprocessing.resize, "area");
  expectValue("preprocessing.colour_order", preprocessing.colour_order, "RGB");
  expectValue("preprocessing.value_range", preprocessing.value_range, [0, 255]);
  if (!Number.isInteger(preprocessing.size_px)) throw new BundleError("The model's manifest gives no size_px.");
  checkLabels(manifest);
  return manifest;
}

function checkLabels(manifest: Manifest): void {
  const { labels, golden } = manifest;
  if (!Array.isArray(labels) || !labels.some((label) => label.id === UNKNOWN)) {
    throw new BundleError(`The model's manifest has no label \`${UNKNOWN}\`.`);
  }
  const fits = (one: Golden): boolean => one.float_probabilities?.length === labels.length;
  if (!Array.isArray(golden) || golden.length === 0 || !golden.every(fits)) {
    throw new BundleError("The model's golden images do not fit its labels.");
  }
}

function expectValue(key: string, found: unknown, known: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(known)) return;
  throw new BundleError(
    `The model's manifest says ${key} ${JSON.stringify(found)}; this page knows only ${JSON.stringify(known)}.` +
      " Update the kiosk, then load this page again.",
  );
}
