/** The tablet's own camera. */

import { centreSquare, type RgbaImage } from "./preprocess";

/** The camera cannot be used; the message tells the shopper why. */
export class CameraError extends Error {}

const REASONS: Record<string, string> = {
  NotAllowedError: "The browser was not allowed to use the camera. Allow it in the browser's settings, then load this page again.",
  NotFoundError: "This device has no camera.",
  NotReadableError: "Another program is using the camera.",
  OverconstrainedError: "This device has no camera that fits.",
};

/**
 * Shows the camera in `video` and resolves once pictures come.
 *
 * @throws CameraError saying why there is none.
 */
export async function openCamera(video: HTMLVideoElement): Promise<MediaStreamTrack> {
  if (!window.isSecureContext || navigator.mediaDevices === undefined) {
    throw new CameraError("Browsers give a page no camera over plain http. Open this page over https, or on the kiosk itself.");
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
    throw new CameraError(REASONS[name] ?? `The camera cannot be opened (${String(error)}).`, { cause: error });
  }
}

/** Reads the centre square of what `video` shows, in the camera's own pixels. */
export class FrameReader {
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D;

  constructor(private readonly video: HTMLVideoElement) {
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (context === null) throw new CameraError("This browser lets no page look at the camera's pictures.");
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
