/** The tablet's own camera. */

import { text, type Key } from "./texts";
import { centreSquare, type RgbaImage } from "./preprocess";

/** The camera cannot be used; the message tells the shopper why. */
export class CameraError extends Error {}

const REASONS: Partial<Record<string, Key>> = {
  NotAllowedError: "camera_denied",
  NotFoundError: "camera_none",
  NotReadableError: "camera_busy",
  OverconstrainedError: "camera_unfit",
};

/**
 * Shows the camera in `video` and resolves once pictures come.
 *
 * @throws CameraError saying why there is none.
 */
export async function openCamera(video: HTMLVideoElement): Promise<MediaStreamTrack> {
  if (!window.isSecureContext || navigator.mediaDevices === undefined) {
    throw new CameraError(text("camera_plain_http"));
  }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 640 }, height: { ideal: 480 } },
    });
    video.srcObject = stream;
    await video.play();
    return stream.getVideoTracks()[0];
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    const reason = REASONS[name];
    const message = reason === undefined ? text("camera_failed", { detail: String(error) }) : text(reason);
    throw new CameraError(message, { cause: error });
  }
}

/** Reads the centre square of what `video` shows, in the camera's own pixels. */
export class FrameReader {
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;

  constructor(private readonly video: HTMLVideoElement) {
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) throw new CameraError(text("camera_unreadable"));
    this.context = context;
  }

  read(): RgbaImage {
    const { left, top, side } = centreSquare(this.video.videoWidth, this.video.videoHeight);
    if (this.canvas.width !== side) {
      this.canvas.width = side;
      this.canvas.height = side;
    }
    this.context.drawImage(this.video, left, top, side, side, 0, 0, side, side);
    return this.context.getImageData(0, 0, side, side);
  }
}

/** Resolves when `video` shows a frame that it did not show before. */
export function nextFrame(video: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    // Safari learnt the first of these in 15.4 and Firefox in 132.
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => resolve());
    else requestAnimationFrame(() => resolve());
  });
}
