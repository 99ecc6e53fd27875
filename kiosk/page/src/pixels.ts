/** The pixels of what a video shows: its frame copied where the browser can do that rightly, else drawn on a canvas. */

import { centreSquare, type RgbaImage, type Square } from "./preprocess";

/** A copy is held against the canvas as often as this, beginning with the first, which some cameras give black. */
const CHECKED_EVERY = 100;
/** Mean difference, in levels of 255, that is still the same picture: the two may round otherwise. */
const SAME_WITHIN = 2;
/** Of so many values one is compared; prime to four, so that each colour has its turn. */
const COMPARED_EVERY = 97;

/** Newer than TypeScript's own list of what a frame has. */
type MarkedFrame = VideoFrame & { rotation?: number; flip?: boolean };

export class PixelReader {
  private readonly canvas = document.createElement("canvas");
  private readonly context: CanvasRenderingContext2D | null;
  private copies = "VideoFrame" in window;
  private frames = 0;

  constructor() {
    this.context = this.canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  }

  /** False where the browser gives no pixels at all. */
  get canRead(): boolean {
    return this.context !== null;
  }

  /** The centre square of what `video` shows, in its own pixels. */
  async read(video: HTMLVideoElement): Promise<RgbaImage> {
    const square = centreSquare(video.videoWidth, video.videoHeight);
    return (await this.copied(video, square)) ?? this.drawn(video, square);
  }

  /** Takes a third of the time of drawing. Null where that is not to be had, or not to be trusted. */
  private async copied(video: HTMLVideoElement, square: Square): Promise<RgbaImage | null> {
    if (!this.copies) return null;
    let frame: VideoFrame | null = null;
    try {
      frame = new VideoFrame(video);
      const layout = plainLayout(frame, video, square);
      if (layout === null) return null;
      const image = await copyOf(frame, square, layout);
      if (this.isDue()) this.copies = isAlike(image, this.drawn(frame, square));
      return this.copies ? image : null;
    } catch {
      // Browsers differ in which frames they copy, and in how they refuse: the canvas reads them all.
      this.copies = false;
      return null;
    } finally {
      frame?.close();
    }
  }

  private isDue(): boolean {
    this.frames += 1;
    return this.frames % CHECKED_EVERY === 1;
  }

  private drawn(source: HTMLVideoElement | VideoFrame, { left, top, side }: Square): RgbaImage {
    const { canvas } = this;
    const context = this.context as CanvasRenderingContext2D;
    if (canvas.width !== side) {
      canvas.width = side;
      canvas.height = side;
    }
    context.drawImage(source, left, top, side, side, 0, 0, side, side);
    return context.getImageData(0, 0, side, side);
  }
}

/**
 * How to copy the square; null for a frame whose copy would not be what the video shows. A copy heeds none of the marks
 * with which phones turn and mirror their frames, and old browsers neither tell of these nor give out RGBA.
 */
function plainLayout(frame: MarkedFrame, video: HTMLVideoElement, square: Square): VideoFrameCopyToOptions | null {
  const { left, top, side } = square;
  const isShownAsItIs = frame.rotation === 0 && frame.flip === false;
  const isWhole = frame.visibleRect?.width === video.videoWidth && frame.visibleRect.height === video.videoHeight;
  // Colours of most cameras come for two pixels at a time, and only whole pairs are given out.
  const isEven = [left, top, side].every((at) => at % 2 === 0);
  if (!isShownAsItIs || !isWhole || !isEven) return null;
  const { x, y } = frame.visibleRect as DOMRectReadOnly;
  const layout: VideoFrameCopyToOptions = { format: "RGBA", rect: { x: x + left, y: y + top, width: side, height: side } };
  return frame.allocationSize(layout) === side * side * 4 ? layout : null;
}

async function copyOf(frame: VideoFrame, { side }: Square, layout: VideoFrameCopyToOptions): Promise<RgbaImage> {
  const data = new Uint8ClampedArray(side * side * 4);
  await frame.copyTo(data, layout);
  return { width: side, height: side, data };
}

function isAlike(one: RgbaImage, other: RgbaImage): boolean {
  let difference = 0;
  let compared = 0;
  for (let at = 0; at < one.data.length; at += COMPARED_EVERY) {
    difference += Math.abs(one.data[at] - other.data[at]);
    compared += 1;
  }
  return difference <= SAME_WITHIN * compared;
}
