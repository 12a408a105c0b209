/** A board to draw on with the pointer or the keyboard; it can also show a picture. */

import {colors, onThemeChange} from '/shared/theme.js';

/** Lengths are fractions of the board's side. */
const PEN = 0.07;
const STEP = 1 / 28;

/** Side of the image that is sent, dark on light as on paper. */
const IMAGE_SIDE = 280;

/** Encodes a grayscale image as BMP: faster than PNG, which the browser encodes only when it is idle. */
function encodeBmp({width, height, data}) {
  const palette = 54;
  const pixels = palette + 4 * 256;
  const file = new DataView(new ArrayBuffer(pixels + width * height)); // width is a multiple of 4
  file.setUint16(0, 0x424d); // BM
  file.setUint32(2, file.byteLength, true);
  file.setUint32(10, pixels, true);
  file.setUint32(14, 40, true); // size of the header from here on
  file.setInt32(18, width, true);
  file.setInt32(22, -height, true); // top-down
  file.setUint16(26, 1, true); // planes
  file.setUint16(28, 8, true); // bits per pixel
  for (let gray = 0; gray < 256; gray++) file.setUint32(palette + 4 * gray, gray * 0x010101, true);
  for (let i = 0; i < width * height; i++) file.setUint8(pixels + i, data[4 * i]);
  return new Blob([file], {type: 'image/bmp'});
}

export class Board {
  #canvas;
  #onChange;
  #strokes = [];
  #pointers = new Map();
  #picture = null;
  #pen = {x: 0.5, y: 0.5, down: false, shown: false};

  /** @param onChange is called after every change, with whether a stroke is in progress */
  constructor(canvas, onChange) {
    this.#canvas = canvas;
    this.#onChange = onChange;
    canvas.addEventListener('pointerdown', e => this.#down(e));
    canvas.addEventListener('pointermove', e => this.#move(e));
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, e => this.#up(e));
    canvas.addEventListener('keydown', e => this.#key(e));
    canvas.addEventListener('focus', () => this.#showPen(canvas.matches(':focus-visible')));
    canvas.addEventListener('blur', () => this.#showPen(false));
    new ResizeObserver(() => this.#draw()).observe(canvas);
    onThemeChange(() => this.#draw());
  }

  get isEmpty() {
    return !this.#picture && this.#strokes.length === 0;
  }

  get strokes() {
    return this.#strokes.length;
  }

  clear() {
    this.#strokes = [];
    this.#pointers.clear();
    this.#picture = null;
    this.#pen.down = false;
    this.#notify(false);
  }

  undo() {
    this.#pen.down = false;
    if (this.#picture) this.#picture = null;
    else this.#strokes.pop();
    this.#notify(false);
  }

  /** Replaces the drawing by a picture. */
  async show(file) {
    const bitmap = await createImageBitmap(file);
    this.#strokes = [];
    this.#picture = {file, bitmap};
    this.#notify(false);
  }

  /** The image to send: the picture's file, or the drawing as BMP. */
  image() {
    if (this.#picture) return this.#picture.file;
    const canvas = new OffscreenCanvas(IMAGE_SIDE, IMAGE_SIDE);
    const ctx = canvas.getContext('2d', {willReadFrequently: true});
    ctx.fillStyle = '#fff';
    ctx.fillRect(0, 0, IMAGE_SIDE, IMAGE_SIDE);
    this.#drawStrokes(ctx, IMAGE_SIDE, '#000');
    return encodeBmp(ctx.getImageData(0, 0, IMAGE_SIDE, IMAGE_SIDE));
  }

  // ---- Pointer

  #at(e) {
    const box = this.#canvas.getBoundingClientRect();
    return [(e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height];
  }

  #down(e) {
    if (e.button !== 0) return;
    this.#canvas.setPointerCapture(e.pointerId);
    this.#showPen(false);
    this.#begin(this.#at(e), e.pointerId);
  }

  #begin(point, pointer) {
    this.#picture = null;
    const stroke = [point];
    this.#strokes.push(stroke);
    this.#pointers.set(pointer, stroke);
    this.#notify(true);
  }

  #move(e) {
    const stroke = this.#pointers.get(e.pointerId);
    if (!stroke) return;
    const events = e.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [e]) stroke.push(this.#at(one));
    this.#notify(true);
  }

  #up(e) {
    if (this.#pointers.delete(e.pointerId)) this.#notify(this.#pointers.size > 0);
  }

  // ---- Keyboard

  #showPen(shown) {
    if (this.#pen.shown !== shown) {
      this.#pen.shown = shown;
      this.#draw();
    }
  }

  #key(e) {
    if (e.ctrlKey || e.altKey || e.metaKey) return;
    const move = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[e.key];
    if (move) this.#movePen(move);
    else if (e.key === ' ') this.#tapPen();
    else return;
    this.#pen.shown = true;
    this.#draw();
    e.preventDefault();
  }

  #movePen([right, down]) {
    const pen = this.#pen;
    pen.x = Math.min(1, Math.max(0, pen.x + right * STEP));
    pen.y = Math.min(1, Math.max(0, pen.y + down * STEP));
    if (pen.down) {
      this.#strokes.at(-1).push([pen.x, pen.y]);
      this.#notify(true);
    }
  }

  #tapPen() {
    this.#pen.down = !this.#pen.down;
    if (this.#pen.down) this.#begin([this.#pen.x, this.#pen.y], 'keyboard');
    else {
      this.#pointers.delete('keyboard');
      this.#notify(false);
    }
  }

  // ---- Drawing

  #notify(strokeInProgress) {
    this.#draw();
    this.#onChange(strokeInProgress);
  }

  #drawStrokes(ctx, side, color) {
    ctx.strokeStyle = color;
    ctx.lineWidth = PEN * side;
    ctx.lineCap = ctx.lineJoin = 'round';
    for (const stroke of this.#strokes) {
      ctx.beginPath();
      ctx.moveTo(stroke[0][0] * side - 0.01, stroke[0][1] * side); // a line of length 0 would be invisible
      for (const [x, y] of stroke) ctx.lineTo(x * side, y * side);
      ctx.stroke();
    }
  }

  #draw() {
    const side = Math.round(this.#canvas.clientWidth * devicePixelRatio);
    if (!side) return;
    if (this.#canvas.width !== side) this.#canvas.width = this.#canvas.height = side;
    const ctx = this.#canvas.getContext('2d');
    ctx.clearRect(0, 0, side, side);
    if (this.#picture) {
      const {bitmap} = this.#picture;
      const scale = Math.min(side / bitmap.width, side / bitmap.height);
      const [width, height] = [bitmap.width * scale, bitmap.height * scale];
      ctx.drawImage(bitmap, (side - width) / 2, (side - height) / 2, width, height);
    }
    this.#drawStrokes(ctx, side, colors.ink);
    if (this.#pen.shown) {
      ctx.beginPath();
      ctx.arc(this.#pen.x * side, this.#pen.y * side, PEN / 2 * side, 0, 2 * Math.PI);
      ctx.strokeStyle = colors[this.#pen.down ? 'test' : 'train'];
      ctx.lineWidth = 2 * devicePixelRatio;
      ctx.stroke();
    }
  }
}
