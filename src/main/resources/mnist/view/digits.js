/** Many small images of digits on one canvas. */

import {colors, font, onThemeChange, ramp, rem, rgb, pixel} from '/shared/theme.js';

const SIDE = 28;
const PIXELS = SIDE * SIDE;

const MAX_SPRITES = 4000;

/** Strokes fade when they shrink; this compensates. */
const DARKER = Uint8Array.from({length: 256}, (_, ink) => Math.round(255 * (ink / 255) ** 0.72));

/** Images of 28 × 28 pixels, one after the other: 0 is paper, 255 ink. */
export class Sheet {
  constructor(pixels) {
    this.pixels = pixels;
  }

  image(i) {
    return this.pixels.subarray(i * PIXELS, (i + 1) * PIXELS);
  }
}

/** The images of a sheet at one size in device pixels; each is resized once and cached. */
class Sprites {
  #sprites = new Map();
  #taps;
  #row;

  constructor(sheet, size) {
    this.sheet = sheet;
    this.size = size;
    this.#taps = taps(size);
    this.#row = new Float32Array(size * SIDE);
  }

  get(i) {
    let sprite = this.#sprites.get(i);
    if (!sprite) {
      if (this.#sprites.size >= MAX_SPRITES) this.#sprites.clear();
      sprite = this.#resize(this.sheet.image(i));
      this.#sprites.set(i, sprite);
    }
    return sprite;
  }

  /** First along the rows, then along the columns. */
  #resize(image) {
    const {size} = this;
    const row = this.#row;
    const sprite = new Uint8Array(size * size);
    for (let x = 0; x < size; x++) {
      const {first, weights} = this.#taps[x];
      for (let y = 0; y < SIDE; y++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * image[SIDE * y + first + k];
        row[size * y + x] = sum;
      }
    }
    const lut = size < SIDE ? DARKER : null;
    for (let y = 0; y < size; y++) {
      const {first, weights} = this.#taps[y];
      for (let x = 0; x < size; x++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * row[size * (first + k) + x];
        const ink = Math.round(sum);
        sprite[size * y + x] = lut ? lut[ink] : ink;
      }
    }
    return sprite;
  }
}

/** The old pixels that contribute to each new one, and their weights: by area, or linear between two. */
function taps(size) {
  const scale = SIDE / size;
  return Array.from({length: size}, (_, i) => {
    if (scale < 1) {
      const center = Math.min(Math.max((i + 0.5) * scale - 0.5, 0), SIDE - 1);
      const first = Math.min(Math.floor(center), SIDE - 2);
      return {first, weights: [1 - (center - first), center - first]};
    }
    const first = Math.floor(i * scale);
    const last = Math.min(Math.ceil((i + 1) * scale), SIDE);
    const weights = [];
    for (let k = first; k < last; k++) {
      weights.push((Math.min(k + 1, (i + 1) * scale) - Math.max(k, i * scale)) / scale);
    }
    return {first, weights};
  });
}

/**
 * A grid of digits, misclassified ones on red with the label at the lower left and the prediction at
 * the lower right. A digit can be clicked, or selected with the arrow keys and opened with Enter.
 */
export class DigitGrid {
  /** The number of misclassified digits in the grid. */
  wrong = 0;
  #cells = [];
  #sheet = null;
  #sprites = null;
  #inks = null;
  /** Width and height of the host, cached as reading them forces a layout. */
  #host = [0, 0];
  #waiting = false;
  #spot = null;
  #box = null;
  #selected = 0;

  /**
   * @param columns digits per row; 0: as many as fit
   * @param rows 0: as many as needed
   * @param gutter space at the left, in rem
   * @param marks labels of the vertical axis, evenly spaced from top to bottom
   * @param widest the maximum ratio of a cell's width to its height
   * @param onOpen called with the cell that was opened
   */
  constructor(host, {columns, rows, gutter = 0, marks = [], widest = 1.25, onOpen, onHover = () => {}}) {
    Object.assign(this, {host, columns, rows, gutter, marks, widest, onOpen, onHover});
    this.canvas = document.createElement('canvas');
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute('role', 'img');
    this.#spot = document.createElement('div');
    this.#spot.className = 'spot';
    this.#spot.hidden = true;
    host.append(this.canvas, this.#spot);
    this.#listen();
    new ResizeObserver(() => {
      this.#host = [host.clientWidth, host.clientHeight];
      this.draw();
    }).observe(host);
    onThemeChange(() => {
      this.#inks = null;
      this.draw();
    });
  }

  /**
   * Shows digits.
   *
   * @param cells for each digit image (its index on the sheet), index (in its data set), label and prediction
   * @param sheet the images, or null if they are not available
   * @param waiting whether the images are still loading, so that their places stay blank
   */
  show(cells, sheet, waiting = false) {
    this.#cells = cells;
    this.#sheet = sheet;
    this.#waiting = waiting;
    this.wrong = cells.reduce((sum, {label, prediction}) => sum + (label !== prediction), 0);
    this.draw();
  }

  describe(text) {
    if (this.canvas.getAttribute('aria-label') !== text) this.canvas.setAttribute('aria-label', text);
  }

  draw() {
    const ratio = devicePixelRatio;
    const width = Math.floor(this.#host[0] * ratio);
    let height = Math.floor(this.#host[1] * ratio);
    if (width < 20) return;
    const unit = rem() * ratio;
    const columns = this.columns || Math.max(4, Math.floor(width / (2.6 * unit)));
    const rows = this.rows || Math.ceil(this.#cells.length / columns);
    const left = Math.round(this.gutter * unit);
    const top = this.rows ? Math.round(0.6 * unit) : 0;
    let cellWidth = (width - left - 2) / columns;
    let cellHeight = this.rows ? (height - 2 * top) / rows : cellWidth;
    cellHeight = Math.min(cellHeight, cellWidth * 1.25);
    cellWidth = Math.min(cellWidth, cellHeight * this.widest);
    if (!this.rows) height = Math.ceil(rows * cellHeight);
    const {canvas} = this;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.width = `${width / ratio}px`;
      canvas.style.height = `${height / ratio}px`;
    }
    this.#box = {left, top, cellWidth, cellHeight, columns, rows};
    const ctx = canvas.getContext('2d', {alpha: false});
    ctx.fillStyle = colors.paper;
    ctx.fillRect(0, 0, width, height);
    if (cellWidth < 3 || cellHeight < 3) return;
    if (this.#cells.length) this.#paint(ctx);
    this.#labels(ctx);
    this.#axis(ctx);
  }

  /** Composes the digits pixel by pixel, which is faster than drawing a thousand images. */
  #paint(ctx) {
    const {left, top, cellWidth, cellHeight, columns, rows} = this.#box;
    const size = Math.floor(Math.min(cellWidth, cellHeight));
    const width = Math.ceil(columns * cellWidth);
    const image = ctx.createImageData(width, Math.ceil(rows * cellHeight));
    const out = new Uint32Array(image.data.buffer);
    out.fill(pixel(rgb(colors.paper)));
    this.#inks ??= [ramp(colors.paper, colors.ink), ramp(colors.wrong, colors.ink)];
    const [plain, red] = this.#inks;
    const empty = pixel(rgb(colors.grid));
    if (this.#sheet && (this.#sprites?.sheet !== this.#sheet || this.#sprites.size !== size)) {
      this.#sprites = new Sprites(this.#sheet, size);
    }
    const seam = cellWidth > 20 * devicePixelRatio ? Math.round(devicePixelRatio) : 0; // separates the classes of neighbors
    const shown = Math.min(this.#cells.length, columns * rows);
    for (let i = 0; i < shown; i++) {
      const {image: at, label, prediction} = this.#cells[i];
      const inks = label === prediction ? plain : red;
      const [column, row] = [i % columns, Math.floor(i / columns)];
      const [x0, x1] = [Math.round(column * cellWidth), Math.round((column + 1) * cellWidth)];
      const [y0, y1] = [Math.round(row * cellHeight), Math.round((row + 1) * cellHeight)];
      if (inks === red) {
        for (let y = y0; y < y1 - seam; y++) out.fill(inks[0], y * width + x0, y * width + x1 - seam);
      }
      const from = (y0 + (y1 - y0 - size >> 1)) * width + x0 + (x1 - x0 - size >> 1);
      if (this.#sheet) {
        const sprite = this.#sprites.get(at);
        for (let y = 0, s = 0; y < size; y++) {
          for (let x = 0, o = from + y * width; x < size; x++) out[o++] = inks[sprite[s++]];
        }
      } else if (!this.#waiting) {
        for (let y = 1; y < size - 1; y++) out.fill(inks === red ? inks[24] : empty, from + y * width + 1, from + y * width + size - 1);
      }
    }
    ctx.putImageData(image, left, top);
  }

  /** Labels and predictions, if they are large enough to be legible. */
  #labels(ctx) {
    const {left, top, cellWidth, cellHeight, columns, rows} = this.#box;
    const size = Math.min(0.38 * cellHeight, 0.85 * rem() * devicePixelRatio);
    if (cellHeight < 1.4 * rem() * devicePixelRatio) return;
    ctx.font = font(1, 600).replace(/[\d.]+px/, `${size}px`);
    ctx.textBaseline = 'alphabetic';
    ctx.fillStyle = colors.ink;
    const inset = Math.max(1, 0.07 * cellWidth);
    const shown = Math.min(this.#cells.length, columns * rows);
    for (let i = 0; i < shown; i++) {
      const {label, prediction} = this.#cells[i];
      if (label === prediction) continue;
      const x = left + (i % columns) * cellWidth;
      const y = top + (Math.floor(i / columns) + 1) * cellHeight - 0.09 * cellHeight;
      ctx.textAlign = 'left';
      ctx.fillText(label, x + inset, y);
      ctx.textAlign = 'right';
      ctx.fillText(prediction, x + cellWidth - inset - devicePixelRatio, y);
    }
  }

  #axis(ctx) {
    if (!this.marks.length) return;
    const {left, top, cellHeight, rows} = this.#box;
    ctx.font = font(0.78 * devicePixelRatio);
    ctx.fillStyle = colors.muted;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'middle';
    this.marks.forEach((text, i) => {
      const share = i / (this.marks.length - 1);
      ctx.fillText(text, left - 0.4 * rem() * devicePixelRatio, top + share * rows * cellHeight);
    });
  }

  // ---- Selecting a digit

  #listen() {
    const {canvas} = this;
    const under = e => {
      if (!this.#box) return -1;
      const {left, top, cellWidth, cellHeight, columns} = this.#box;
      const x = Math.floor((e.offsetX * devicePixelRatio - left) / cellWidth);
      const y = Math.floor((e.offsetY * devicePixelRatio - top) / cellHeight);
      const i = y * columns + x;
      return x >= 0 && x < columns && y >= 0 && i < this.#cells.length ? i : -1;
    };
    canvas.addEventListener('mousemove', e => this.#mark(under(e)));
    canvas.addEventListener('mouseleave', () => this.#mark(-1));
    canvas.addEventListener('click', e => this.#open(under(e)));
    canvas.addEventListener('focus', () => canvas.matches(':focus-visible') && this.#mark(this.#selected));
    canvas.addEventListener('blur', () => this.#mark(-1));
    canvas.addEventListener('keydown', e => {
      const columns = this.#box?.columns ?? 1;
      const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns}[e.key];
      if (step) {
        this.#selected = Math.min(Math.max(this.#selected + step, 0), this.#cells.length - 1);
        this.#mark(this.#selected);
      } else if (e.key === 'Enter') {
        this.#open(this.#selected);
      } else {
        return;
      }
      e.preventDefault();
      e.stopPropagation();
    });
  }

  #mark(i) {
    this.canvas.style.cursor = i >= 0 ? 'pointer' : '';
    this.#spot.hidden = i < 0 || i >= this.#cells.length;
    if (!this.#spot.hidden) {
      const {left, top, cellWidth, cellHeight, columns} = this.#box;
      const css = device => `${device / devicePixelRatio}px`;
      this.#spot.style.width = css(cellWidth);
      this.#spot.style.height = css(cellHeight);
      this.#spot.style.transform =
        `translate(${css(left + (i % columns) * cellWidth)}, ${css(top + Math.floor(i / columns) * cellHeight)})`;
    }
    this.onHover(this.#spot.hidden ? null : this.#cells[i]);
  }

  #open(i) {
    if (i >= 0 && i < this.#cells.length) {
      this.#selected = i;
      this.onOpen(this.#cells[i]);
    }
  }
}

/** At most max cells, misclassified ones first. */
export function wrongFirst(count, max, cell) {
  const cells = Array.from({length: count}, (_, i) => cell(i));
  const isWrong = ({label, prediction}) => label !== prediction;
  return [...cells.filter(isWrong), ...cells.filter(one => !isWrong(one))].slice(0, max);
}
