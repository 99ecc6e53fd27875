/**
 * A camera image made into the network's input, as the bundle's manifest says: centre square, resized.
 *
 * The same as `kiosk/recognition/preprocessing.py`, held to it by the cases in `tests/vectors/preprocessing/`. A
 * browser's own `drawImage` resizes in ways of its own, which the network was not trained on.
 *
 * Both ways of resizing give each output pixel as a weighted sum over a short run of input pixels, first along the
 * rows and then along the columns. The weights depend only on the two sizes and are kept between frames.
 */

/** Pixels as a canvas gives them: RGBA, 0 to 255, row by row. */
export interface RgbaImage {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

export interface Square {
  left: number;
  top: number;
  side: number;
}

/** Pixels to a side of a block whose sums still fit into 16 bits: 16 * 16 * 255 < 65,536. */
const MOST_SUMMED = 16;

/** For each output pixel of a line: where its run of input pixels starts, how long it is, and their weights. */
interface Runs {
  starts: Int32Array;
  lengths: Int32Array;
  /** [output pixel, place in its run], `longest` places each. */
  weights: Float32Array;
  longest: number;
}

/** The largest square in the middle; an odd rest is cut more at the far end. */
export function centreSquare(width: number, height: number): Square {
  const side = Math.min(width, height);
  return { left: Math.floor((width - side) / 2), top: Math.floor((height - side) / 2), side };
}

/** Turns images into RGB pixels [size, size, 3], 0 to 255. The array it gives is written over by the next call. */
export class Preprocessor {
  private readonly output: Uint8ClampedArray;
  private runs: Runs | null = null;
  private side = 0;
  /** The square with its rows resized: [side, size, 3]. */
  private narrow = new Float32Array(0);
  private readonly line: Float32Array;

  constructor(private readonly sizePx: number) {
    this.output = new Uint8ClampedArray(sizePx * sizePx * 3);
    this.line = new Float32Array(sizePx * 3);
  }

  run(image: RgbaImage): Uint8ClampedArray {
    const square = centreSquare(image.width, image.height);
    const factor = square.side / this.sizePx;
    if (Number.isInteger(factor) && factor <= MOST_SUMMED) {
      this.averageBlocks(image, square, factor);
    } else {
      const runs = this.runsFor(square.side);
      this.resizeRows(image, square, runs);
      this.resizeColumns(runs);
    }
    return this.output;
  }

  /**
   * The same where whole input pixels make up an output pixel, as with most cameras, three times as fast: a pixel is
   * one number, of which red and blue are summed together, 16 bits each.
   */
  private averageBlocks(image: RgbaImage, square: Square, factor: number): void {
    const { output, sizePx } = this;
    const pixels = new Uint32Array(image.data.buffer, image.data.byteOffset, image.width * image.height);
    const scale = 1 / (factor * factor);
    let to = 0;
    for (let y = 0; y < sizePx; y += 1) {
      const top = (square.top + y * factor) * image.width + square.left;
      for (let x = 0; x < sizePx; x += 1) {
        let redAndBlue = 0;
        let green = 0;
        for (let row = 0, from = top + x * factor; row < factor; row += 1, from += image.width) {
          for (let at = from, end = from + factor; at < end; at += 1) {
            const pixel = pixels[at];
            redAndBlue += pixel & 0xff00ff;
            green += pixel & 0xff00;
          }
        }
        // A clamped array rounds to the nearest, halves to even, as OpenCV does.
        output[to] = (redAndBlue & 0xffff) * scale;
        output[to + 1] = (green >>> 8) * scale;
        output[to + 2] = (redAndBlue >>> 16) * scale;
        to += 3;
      }
    }
  }

  private runsFor(side: number): Runs {
    if (this.runs === null || this.side !== side) {
      this.runs = side >= this.sizePx ? areaRuns(side, this.sizePx) : bilinearRuns(side, this.sizePx);
      this.side = side;
      this.narrow = new Float32Array(side * this.sizePx * 3);
    }
    return this.runs;
  }

  private resizeRows(image: RgbaImage, square: Square, { starts, lengths, weights, longest }: Runs): void {
    const { narrow, sizePx } = this;
    const pixels = image.data;
    let to = 0;
    for (let y = 0; y < square.side; y += 1) {
      const row = ((square.top + y) * image.width + square.left) * 4;
      for (let x = 0; x < sizePx; x += 1) {
        let red = 0;
        let green = 0;
        let blue = 0;
        let from = row + starts[x] * 4;
        for (let place = x * longest, end = place + lengths[x]; place < end; place += 1) {
          const weight = weights[place];
          red += weight * pixels[from];
          green += weight * pixels[from + 1];
          blue += weight * pixels[from + 2];
          from += 4;
        }
        narrow[to] = red;
        narrow[to + 1] = green;
        narrow[to + 2] = blue;
        to += 3;
      }
    }
  }

  private resizeColumns({ starts, lengths, weights, longest }: Runs): void {
    const { narrow, line, output, sizePx } = this;
    const stride = sizePx * 3;
    for (let y = 0; y < sizePx; y += 1) {
      line.fill(0);
      for (let place = 0; place < lengths[y]; place += 1) {
        const weight = weights[y * longest + place];
        const from = (starts[y] + place) * stride;
        for (let x = 0; x < stride; x += 1) line[x] += weight * narrow[from + x];
      }
      // A clamped array rounds to the nearest, halves to even, as OpenCV does.
      output.set(line, y * stride);
    }
  }
}

/** Each output pixel is the mean of what it covers of the input; pixels at its edges count by the part covered. */
function areaRuns(side: number, size: number): Runs {
  const longest = Math.ceil(side / size) + 1;
  const runs = emptyRuns(size, longest);
  for (let at = 0; at < size; at += 1) {
    // In units of 1/size of an input pixel everything is a whole number, so no edge is lost to rounding.
    const begin = at * side;
    const end = begin + side;
    const first = Math.floor(begin / size);
    const last = Math.ceil(end / size);
    runs.starts[at] = first;
    runs.lengths[at] = last - first;
    for (let pixel = first; pixel < last; pixel += 1) {
      const covered = Math.min(end, (pixel + 1) * size) - Math.max(begin, pixel * size);
      runs.weights[at * longest + pixel - first] = covered / side;
    }
  }
  return runs;
}

/** Between the two nearest input pixels, with pixel centres at the half; the edge pixel goes on beyond the edge. */
function bilinearRuns(side: number, size: number): Runs {
  const runs = emptyRuns(size, 2);
  for (let at = 0; at < size; at += 1) {
    const centre = Math.min(Math.max(((at + 0.5) * side) / size - 0.5, 0), side - 1);
    const first = Math.floor(centre);
    runs.starts[at] = first;
    runs.lengths[at] = first + 1 < side ? 2 : 1;
    runs.weights[at * 2] = 1 - (centre - first);
    runs.weights[at * 2 + 1] = centre - first;
  }
  return runs;
}

function emptyRuns(size: number, longest: number): Runs {
  return {
    starts: new Int32Array(size),
    lengths: new Int32Array(size),
    weights: new Float32Array(size * longest),
    longest,
  };
}
