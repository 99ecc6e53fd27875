/** The tablet's own camera: which of them, opened with one question, and read frame by frame. */

import { PixelReader } from "./pixels";
import type { RgbaImage } from "./preprocess";
import { text, type Key } from "./texts";

/** The camera cannot be used; the message tells the shopper why. */
export class CameraError extends Error {}

const REASONS: Partial<Record<string, Key>> = {
  NotAllowedError: "camera_denied",
  NotFoundError: "camera_none",
  NotReadableError: "camera_busy",
  OverconstrainedError: "camera_unfit",
};
const KEPT_UNDER = "kiosk-camera";
const SIZE: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 480 } };

export class Camera {
  private pixels = new PixelReader();
  private track: MediaStreamTrack | null = null;

  constructor(private readonly video: HTMLVideoElement) {}

  /**
   * Shows the camera, the one that was chosen last time if it is there, and resolves once pictures come. `onEnd` is
   * called when it is taken away.
   *
   * @throws CameraError saying why there is none.
   */
  async open(onEnd: () => void): Promise<void> {
    if (!window.isSecureContext || navigator.mediaDevices === undefined) {
      throw new CameraError(text("camera_plain_http"));
    }
    // Whether copies of its frames can be trusted is found out for each camera anew.
    this.pixels = new PixelReader();
    if (!this.pixels.canRead) throw new CameraError(text("camera_unreadable"));
    try {
      const stream = await chosenStream();
      this.close();
      [this.track] = stream.getVideoTracks();
      this.track.onended = onEnd;
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      const reason = (await hasNone()) ? "camera_none" : REASONS[nameOf(error)];
      const message = reason === undefined ? text("camera_failed", { detail: String(error) }) : text(reason);
      throw new CameraError(message, { cause: error });
    }
  }

  /** The camera after the one in use; null when there is no other. */
  async another(): Promise<string | null> {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    const at = cameras.findIndex(({ deviceId }) => deviceId === this.track?.getSettings().deviceId);
    return cameras.length < 2 ? null : cameras[(at + 1) % cameras.length].deviceId;
  }

  close(): void {
    if (this.track !== null) this.track.onended = null;
    this.track?.stop();
    this.track = null;
  }

  /** Resolves when there is a frame that was not there before; at once, or never seen again, when `signal` aborts. */
  nextFrame(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      const done = (): void => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done);
      // Safari learnt the first of these in 15.4 and Firefox in 132.
      if ("requestVideoFrameCallback" in this.video) this.video.requestVideoFrameCallback(done);
      else requestAnimationFrame(done);
    });
  }

  /** The centre square of what the camera shows, in its own pixels. */
  read(): Promise<RgbaImage> {
    return this.pixels.read(this.video);
  }
}

/** WebKit says of a device without a camera that none of its cameras fits. */
async function hasNone(): Promise<boolean> {
  return !(await navigator.mediaDevices.enumerateDevices()).some(({ kind }) => kind === "videoinput");
}

/** Not every browser makes all of these errors DOMExceptions, but each has its name. */
function nameOf(error: unknown): string {
  return String((error as { name?: unknown } | null)?.name);
}

/** The camera chosen last time; where it is not there any more, the one at the back. */
async function chosenStream(): Promise<MediaStream> {
  const deviceId = kept();
  const ask = (which: MediaTrackConstraints): Promise<MediaStream> =>
    navigator.mediaDevices.getUserMedia({ audio: false, video: { ...which, ...SIZE } });
  if (deviceId !== null) {
    try {
      return await ask({ deviceId: { exact: deviceId } });
    } catch (error) {
      if (nameOf(error) !== "OverconstrainedError") throw error;
    }
  }
  return ask({ facingMode: { ideal: "environment" } });
}

/** Which camera to take the next time. */
export function keepCamera(deviceId: string): void {
  try {
    localStorage.setItem(KEPT_UNDER, deviceId);
  } catch {
    // A browser that may keep nothing takes the one at the back again.
  }
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEPT_UNDER);
  } catch {
    return null;
  }
}

/**
 * Resolves when it is worth asking for the camera again: one was plugged in, permission was given, or the page is
 * looked at again. Asking more often would put the browser's question before the shopper over and over.
 */
export function cameraMayBeBack(): Promise<void> {
  return new Promise((resolve) => {
    const stop = new AbortController();
    const back = (): void => {
      stop.abort();
      resolve();
    };
    const { signal } = stop;
    navigator.mediaDevices?.addEventListener("devicechange", back, { signal });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && back(), { signal });
    // Firefox has no such permission to ask for before its version 132.
    navigator.permissions
      ?.query({ name: "camera" as PermissionName })
      .then((permission) => permission.addEventListener("change", back, { signal }))
      .catch(() => undefined);
  });
}
