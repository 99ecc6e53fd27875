/** What of a browser can run the network, as far as asking tells. Only the self-test tells whether it does it rightly. */

/** Best first, where nothing has been measured yet. `wasm-threads` is `wasm` on several cores. */
export const BACKENDS = ["webgpu", "webgl", "wasm-threads", "wasm"] as const;
export type BackendName = (typeof BACKENDS)[number];

/** What browsers call a graphics chip that is none; not every one of them owns up to a performance caveat. */
const SOFTWARE_RENDERERS = /swiftshader|llvmpipe|softpipe|software|basic render/i;

interface GpuAdapter {
  info?: { isFallbackAdapter?: boolean; vendor?: string; architecture?: string; description?: string };
  isFallbackAdapter?: boolean;
}

interface Gpu {
  requestAdapter(): Promise<GpuAdapter | null>;
}

/** The backends worth a try. `forced` (from the address, for looking into a device) leaves only that one. */
export async function candidates(forced: string | null): Promise<BackendName[]> {
  const wanted = BACKENDS.find((name) => name === forced);
  if (wanted !== undefined) return [wanted];
  const found: BackendName[] = [];
  if (await hasRealWebgpu()) found.push("webgpu");
  if (hasFastFloatWebgl()) found.push("webgl");
  if (hasThreads()) found.push("wasm-threads");
  found.push("wasm");
  return found;
}

/** Whether there is WebGPU on a real graphics chip. */
async function hasRealWebgpu(): Promise<boolean> {
  const { gpu } = navigator as unknown as { gpu?: Gpu };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return false;
  const { vendor = "", architecture = "", description = "", isFallbackAdapter } = adapter.info ?? {};
  const isFallback = isFallbackAdapter ?? adapter.isFallbackAdapter ?? false;
  return !isFallback && !SOFTWARE_RENDERERS.test(`${vendor} ${architecture} ${description}`);
}

/** Whether WebGL can compute in floats here, and on a real graphics chip: in software it is far slower than WASM. */
function hasFastFloatWebgl(): boolean {
  const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
  if (context === null) return false;
  const info = context.getExtension("WEBGL_debug_renderer_info");
  const renderer = String(context.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  // tfjs draws into textures of floats, or of half floats where the chip has no others (all iPads).
  const floats = ["EXT_color_buffer_float", "EXT_color_buffer_half_float"];
  const capable = floats.some((name) => context.getExtension(name) !== null);
  context.getExtension("WEBGL_lose_context")?.loseContext();
  return capable && !SOFTWARE_RENDERERS.test(renderer);
}

/** WASM threads share memory, which browsers give only to pages that are isolated from other sites. */
function hasThreads(): boolean {
  return window.crossOriginIsolated && typeof SharedArrayBuffer !== "undefined" && navigator.hardwareConcurrency > 1;
}
