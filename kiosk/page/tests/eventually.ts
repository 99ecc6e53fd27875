import { vi } from "vitest";

const PATIENCE_MS = 20_000;

/** Waits until a check holds: long enough for a machine that has much else to do. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: PATIENCE_MS });
}
