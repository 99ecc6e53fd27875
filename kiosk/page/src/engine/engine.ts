/** The fastest backend of this device that gives the right answers; when it fails on the way, the next one. */

import type { Manifest } from "../bundle";
import type { RgbaImage } from "../preprocess";
import type { BackendName } from "./backends";
import { openRunner, type Runner } from "./runner";
import { goldenImages, runGolden, type GoldenResult } from "./selftest";

/** How one backend did. */
export interface Attempt {
  backend: BackendName;
  golden: GoldenResult[];
  /** Of one image, from its pixels to the probabilities; null where it was not measured. */
  frameMs: number | null;
  /** Why it cannot be used; null when it is good. */
  problem: string | null;
}

/** No backend of this browser gives the right answers. */
export class EngineError extends Error {
  constructor(readonly attempts: Attempt[]) {
    super(attempts.map((attempt) => `${attempt.backend}: ${attempt.problem}`).join("; "));
  }
}

export interface EngineSettings {
  manifest: Manifest;
  backends: BackendName[];
  /** Which was the fastest last time; it is taken if it still passes its test, without measuring the others. */
  remembered: BackendName | null;
  /** Hears how each backend did, and when another one is taken. */
  onChange?(attempts: Attempt[], inUse: BackendName | null): void;
}

interface Tried {
  attempt: Attempt;
  /** Open and ready when the attempt was good. */
  runner: Runner | null;
}

const MEASURED_FRAMES = 5;

export class Engine {
  private readonly attempts = new Map<BackendName, Attempt>();
  private current: { backend: BackendName; runner: Runner } | null = null;

  private constructor(private readonly settings: EngineSettings) {}

  /** @throws EngineError when no backend gives the right answers. */
  static async start(settings: EngineSettings): Promise<Engine> {
    const engine = new Engine(settings);
    const { backends, remembered } = settings;
    if (remembered !== null && backends.includes(remembered)) await engine.takeFirstGood([remembered]);
    if (engine.current === null) await engine.takeFastest();
    if (engine.current === null) throw new EngineError([...engine.attempts.values()]);
    return engine;
  }

  get backend(): BackendName | null {
    return this.current?.backend ?? null;
  }

  /**
   * The probabilities of the labels; null when this frame was lost because the backend failed and another took over.
   *
   * @throws EngineError when none is left.
   */
  async classify(image: RgbaImage): Promise<Float32Array | null> {
    if (this.current === null) throw new EngineError([...this.attempts.values()]);
    const { backend, runner } = this.current;
    try {
      return await runner.classify(image);
    } catch (error) {
      // Memory, drivers and the browser's own limits fail with errors of every kind; each means: not this backend.
      const good = this.attempts.get(backend) as Attempt;
      this.attempts.set(backend, { ...good, problem: `failed on the way: ${(error as Error).message}` });
      runner.close();
      this.current = null;
      await this.takeFirstGood(this.untroubled());
      if (this.current === null) throw new EngineError([...this.attempts.values()]);
      return null;
    }
  }

  close(): void {
    this.current?.runner.close();
    this.current = null;
  }

  /** Those that have not failed yet: measured ones first, the fastest before the others. */
  private untroubled(): BackendName[] {
    const time = (backend: BackendName): number => this.attempts.get(backend)?.frameMs ?? Infinity;
    const left = this.settings.backends.filter((backend) => (this.attempts.get(backend)?.problem ?? null) === null);
    return left.sort((a, b) => (time(a) === time(b) ? 0 : time(a) - time(b)));
  }

  private async takeFirstGood(backends: BackendName[]): Promise<void> {
    for (const backend of backends) {
      const { runner } = await this.tryOut(backend);
      if (runner === null) continue;
      this.use(backend, runner);
      return;
    }
  }

  /** Tries each that was not tried yet, one after the other, so that none disturbs another's measurement. */
  private async takeFastest(): Promise<void> {
    let best: { backend: BackendName; runner: Runner; frameMs: number } | null = null;
    for (const backend of this.settings.backends.filter((name) => !this.attempts.has(name))) {
      const { attempt, runner } = await this.tryOut(backend);
      if (runner === null || attempt.frameMs === null) continue;
      const isBetter: boolean = best === null || attempt.frameMs < best.frameMs;
      (isBetter ? best?.runner : runner)?.close();
      if (isBetter) best = { backend, runner, frameMs: attempt.frameMs };
    }
    if (best !== null) this.use(best.backend, best.runner);
  }

  private use(backend: BackendName, runner: Runner): void {
    this.current = { backend, runner };
    this.tell();
  }

  private async tryOut(backend: BackendName): Promise<Tried> {
    const tried = await tryBackend(this.settings.manifest, backend);
    this.attempts.set(backend, tried.attempt);
    this.tell();
    return tried;
  }

  private tell(): void {
    this.settings.onChange?.([...this.attempts.values()], this.backend);
  }
}

async function tryBackend(manifest: Manifest, backend: BackendName): Promise<Tried> {
  let runner: Runner | null = null;
  let golden: GoldenResult[] = [];
  let frameMs: number | null = null;
  let problem: string | null;
  try {
    const { size_px } = manifest.preprocessing;
    runner = await openRunner({ backend, bundleId: manifest.id, sizePx: size_px });
    golden = await runGolden(manifest, runner);
    problem = golden.every((result) => result.good) ? null : "gives wrong answers on the model's own test pictures";
    if (problem === null) frameMs = await measure(manifest, runner);
  } catch (error) {
    // Drivers, memory and the network fail with errors of every kind; each of them means: not this backend.
    problem = error instanceof Error ? error.message : String(error);
  }
  if (problem !== null) {
    runner?.close();
    runner = null;
  }
  return { runner, attempt: { backend, golden, frameMs, problem } };
}

/** The median time of an image, in milliseconds. Only once everything is warm: after the golden images. */
async function measure(manifest: Manifest, runner: Runner): Promise<number> {
  const times: number[] = [];
  for await (const { image } of goldenImages(manifest, MEASURED_FRAMES)) {
    const began = performance.now();
    await runner.classify(image);
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}
