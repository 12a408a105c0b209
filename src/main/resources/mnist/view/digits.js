/** Digits as many small pictures on one canvas. */

import {colours, font, onThemeChange, ramp, rem, rgb, pixel} from '/shared/theme.js';

const SIDE = 28;
const PIXELS = SIDE * SIDE;

const MOST_SPRITES = 4000;

/** Ink gets thin when it is made small; this makes up for it. */
const DARKER = Uint8Array.from({length: 256}, (_, grey) => Math.round(255 * (grey / 255) ** 0.72));

/** Grey images of 28 × 28, one after the other: 0 is paper, 255 ink. */
export class Sheet {
  constructor(pixels) {
    this.pixels = pixels;
  }

  image(i) {
    return this.pixels.subarray(i * PIXELS, (i + 1) * PIXELS);
  }
}

/** The images of a sheet at one size in pixels of the device; each is scaled once and then kept. */
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
      if (this.#sprites.size >= MOST_SPRITES) this.#sprites.clear();
      sprite = this.#scaled(this.sheet.image(i));
      this.#sprites.set(i, sprite);
    }
    return sprite;
  }

  /** First along the rows, then along the columns. */
  #scaled(image) {
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
        const grey = Math.round(sum);
        sprite[size * y + x] = lut ? lut[grey] : grey;
      }
    }
    return sprite;
  }
}

/** Which pixels of 28 make one of size, and how much of each: their share, or a line between two. */
function taps(size) {
  const scale = SIDE / size;
  return Array.from({length: size}, (_, i) => {
    if (scale < 1) {
      const centre = Math.min(Math.max((i + 0.5) * scale - 0.5, 0), SIDE - 1);
      const first = Math.min(Math.floor(centre), SIDE - 2);
      return {first, weights: [1 - (centre - first), centre - first]};
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
 * A grid of digits, wrong ones on red with the right answer at the lower left and the given one at
 * the lower right. A digit can be clicked, or chosen with the arrow keys and Enter.
 */
export class DigitGrid {
  /** So many wrong digits were drawn last. */
  wrong = 0;
  #cells = [];
  #sheet = null;
  #sprites = null;
  #inks = null;
  /** Width and height of the host; asking for them would cost a layout. */
  #host = [0, 0];
  #waiting = false;
  #spot = null;
  #box = null;
  #chosen = 0;

  /**
   * @param columns how many digits side by side; 0: as many as fit
   * @param rows how many below each other; 0: as many as it takes
   * @param gutter room at the left, in rem
   * @param marks of the vertical axis: its label at each share of the height
   * @param widest a cell may be so many times as wide as it is high
   * @param onOpen called with the cell that was chosen
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
   * @param cells of each: image (its place on the sheet), number, right, given
   * @param sheet the images, or null where they are not to be had
   * @param waiting whether the images are on their way, so that their places stay empty
   */
  show(cells, sheet, waiting = false) {
    this.#cells = cells;
    this.#sheet = sheet;
    this.#waiting = waiting;
    this.wrong = cells.reduce((sum, {right, given}) => sum + (right !== given), 0);
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
    ctx.fillStyle = colours.paper;
    ctx.fillRect(0, 0, width, height);
    if (cellWidth < 3 || cellHeight < 3) return;
    if (this.#cells.length) this.#paint(ctx);
    this.#labels(ctx);
    this.#axis(ctx);
  }

  /** The digits themselves, put together pixel by pixel: quicker than a thousand small pictures. */
  #paint(ctx) {
    const {left, top, cellWidth, cellHeight, columns, rows} = this.#box;
    const size = Math.floor(Math.min(cellWidth, cellHeight));
    const width = Math.ceil(columns * cellWidth);
    const image = ctx.createImageData(width, Math.ceil(rows * cellHeight));
    const out = new Uint32Array(image.data.buffer);
    out.fill(pixel(rgb(colours.paper)));
    this.#inks ??= [ramp(colours.paper, colours.ink), ramp(colours.wrong, colours.ink)];
    const [plain, red] = this.#inks;
    const empty = pixel(rgb(colours.grid));
    if (this.#sheet && (this.#sprites?.sheet !== this.#sheet || this.#sprites.size !== size)) {
      this.#sprites = new Sprites(this.#sheet, size);
    }
    const seam = cellWidth > 20 * devicePixelRatio ? Math.round(devicePixelRatio) : 0; // keeps answers apart
    const shown = Math.min(this.#cells.length, columns * rows);
    for (let i = 0; i < shown; i++) {
      const {image: at, right, given} = this.#cells[i];
      const inks = right === given ? plain : red;
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

  /** Right and given answers, where they are large enough to be read. */
  #labels(ctx) {
    const {left, top, cellWidth, cellHeight, columns, rows} = this.#box;
    const size = Math.min(0.38 * cellHeight, 0.85 * rem() * devicePixelRatio);
    if (cellHeight < 1.4 * rem() * devicePixelRatio) return;
    ctx.font = font(1, 600).replace(/[\d.]+px/, `${size}px`);
    ctx.textBaseline = 'alphabetic';
    ctx.fillStyle = colours.ink;
    const inset = Math.max(1, 0.07 * cellWidth);
    const shown = Math.min(this.#cells.length, columns * rows);
    for (let i = 0; i < shown; i++) {
      const {right, given} = this.#cells[i];
      if (right === given) continue;
      const x = left + (i % columns) * cellWidth;
      const y = top + (Math.floor(i / columns) + 1) * cellHeight - 0.09 * cellHeight;
      ctx.textAlign = 'left';
      ctx.fillText(right, x + inset, y);
      ctx.textAlign = 'right';
      ctx.fillText(given, x + cellWidth - inset - devicePixelRatio, y);
    }
  }

  #axis(ctx) {
    if (!this.marks.length) return;
    const {left, top, cellHeight, rows} = this.#box;
    ctx.font = font(0.78 * devicePixelRatio);
    ctx.fillStyle = colours.muted;
    ctx.textAlign = 'right';
    ctx.textBaseline = 'middle';
    this.marks.forEach((text, i) => {
      const share = i / (this.marks.length - 1);
      ctx.fillText(text, left - 0.4 * rem() * devicePixelRatio, top + share * rows * cellHeight);
    });
  }

  // ---- Choosing a digit

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
    canvas.addEventListener('focus', () => canvas.matches(':focus-visible') && this.#mark(this.#chosen));
    canvas.addEventListener('blur', () => this.#mark(-1));
    canvas.addEventListener('keydown', e => {
      const columns = this.#box?.columns ?? 1;
      const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns}[e.key];
      if (step) {
        this.#chosen = Math.min(Math.max(this.#chosen + step, 0), this.#cells.length - 1);
        this.#mark(this.#chosen);
      } else if (e.key === 'Enter') {
        this.#open(this.#chosen);
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
      this.#chosen = i;
      this.onOpen(this.#cells[i]);
    }
  }
}

/** Cells of the wrong ones first, then of the right ones, so many in all. */
export function wrongFirst(count, most, cell) {
  const wrong = [];
  const right = [];
  for (let i = 0; i < count && wrong.length < most; i++) {
    const one = cell(i);
    if (one.right !== one.given) wrong.push(one);
    else if (right.length < most) right.push(one);
  }
  return wrong.concat(right).slice(0, most);
}
