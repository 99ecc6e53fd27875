/** The kiosk's model, ready to run on this device, with the vote that its owner wants. */

import { fetchVoting } from "./api";
import { loadManifest, type Manifest } from "./bundle";
import { BACKENDS, candidates, type BackendName } from "./engine/backends";
import { Engine, type Attempt } from "./engine/engine";
import { Voter } from "./voting";

export interface Model {
  manifest: Manifest;
  engine: Engine;
  voter: Voter;
}

const KEPT_UNDER = "kiosk-backend";

/**
 * Fetches the kiosk's present model and starts it on the device's best backend.
 *
 * @throws BundleError, EngineError, NoAnswerError, RefusedError
 */
export async function loadModel(
  forced: string | null,
  onChange: (attempts: Attempt[], inUse: BackendName | null) => void,
): Promise<Model> {
  const manifest = await loadManifest();
  const engine = await Engine.start({
    manifest,
    backends: await candidates(forced),
    remembered: forced === null ? kept(manifest) : null,
    onChange,
  });
  if (forced === null && engine.backend !== null) keep(manifest, engine.backend);
  return { manifest, engine, voter: new Voter(manifest.labels.map(({ id }) => id), await fetchVoting()) };
}

/** Another model or another browser may be quicker elsewhere: then it is measured anew. */
function circumstances(manifest: Manifest): string {
  return `${manifest.id} ${navigator.userAgent}`;
}

function keep(manifest: Manifest, backend: BackendName): void {
  try {
    localStorage.setItem(KEPT_UNDER, JSON.stringify({ at: circumstances(manifest), backend }));
  } catch {
    // A browser that may keep nothing measures again the next time.
  }
}

function kept(manifest: Manifest): BackendName | null {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT_UNDER) ?? "{}") as { at?: string; backend?: string };
    if (found.at !== circumstances(manifest)) return null;
    return BACKENDS.find((name) => name === found.backend) ?? null;
  } catch {
    return null;
  }
}
