/** The first layer's weights as images: red if positive, blue if negative. */

import {colors, font, onThemeChange, pixel, rem, rgb} from '/shared/theme.js';
import {count, figure} from '/shared/format.js';

export class Filters {
  #host = document.querySelector('#filters .plot');
  #text = document.getElementById('filters-text');
  #scale = document.querySelectorAll('#filters-scale span');
  #canvas = document.createElement('canvas');
  #strip = document.createElement('canvas');
  #shown = null;

  constructor() {
    this.#canvas.setAttribute('role', 'img');
    this.#host.append(this.#canvas);
    new ResizeObserver(() => this.#draw()).observe(this.#host);
    onThemeChange(() => this.#draw());
  }

  /** @param largest the largest weight of the whole run, for a constant scale */
  show(layer, firstLayer, largestNow, largest, classNames, iteration) {
    this.#shown = {layer, firstLayer, largestNow, largest, classNames, iteration};
    this.#draw();
  }

  #draw() {
    if (!this.#shown || this.#host.clientWidth < 20) return;
    const {layer, firstLayer, largestNow, largest, classNames, iteration} = this.#shown;
    const {rows, columns, pictures, neurons, node} = layer;
    const units = rows === 28 ? (neurons === 10 ? 'classes' : 'neurons') : 'filters';
    const many = pictures < neurons ? `${pictures} of ${count(neurons)} ${units}` : `${neurons} ${units}`;
    this.#text.textContent = `${node}: ${many}, ${rows} × ${columns} weights each.`;
    this.#scale[0].textContent = `−${figure(largest)}`;
    this.#scale[1].textContent = `+${figure(largest)}`;
    this.#canvas.setAttribute('aria-label',
      `First layer's weights ${node} at iteration ${iteration}, the largest ${figure(largestNow)}`);

    this.#paintStrip(layer, firstLayer, largest ? largestNow / largest : 0);
    const across = pictures <= 4 ? pictures : pictures <= 6 ? 3 : 5;
    const down = Math.ceil(pictures / across);
    const ratio = devicePixelRatio;
    const unit = rem() * ratio;
    const named = neurons === 10 && rows === 28;
    const width = Math.floor(Math.min(this.#host.clientWidth, (across > 4 ? 30 : 26) * rem()) * ratio);
    const gap = Math.round(0.6 * unit);
    const below = named ? Math.round(1.4 * unit) : 0;
    const side = Math.floor((width - gap * (across - 1)) / across);
    const height = down * (side + below) + (down - 1) * gap;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#canvas.style.width = `${width / ratio}px`;
    const ctx = this.#canvas.getContext('2d');
    ctx.imageSmoothingEnabled = false;
    ctx.font = font(0.85 * ratio);
    ctx.fillStyle = colors.muted;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'bottom';
    for (let i = 0; i < pictures; i++) {
      const x = (i % across) * (side + gap);
      const y = Math.floor(i / across) * (side + gap + below);
      ctx.drawImage(this.#strip, 0, i * rows, columns, rows, x, y, side, side);
      if (named) ctx.fillText(classNames[i], x + side / 2, y + side + below);
    }
    ctx.strokeStyle = colors.grid;
    ctx.lineWidth = ratio;
    for (let i = 0; i < pictures; i++) {
      ctx.strokeRect((i % across) * (side + gap) + 0.5, Math.floor(i / across) * (side + gap + below) + 0.5,
        side - 1, side - 1);
    }
  }

  /** Draws all images below each other, one pixel per weight. */
  #paintStrip({rows, columns, pictures}, firstLayer, share) {
    this.#strip.width = columns;
    this.#strip.height = rows * pictures;
    const ctx = this.#strip.getContext('2d');
    const image = ctx.createImageData(columns, rows * pictures);
    const out = new Uint32Array(image.data.buffer);
    const [none, minus, plus] = ['paper', 'negative', 'positive'].map(name => rgb(colors[name]));
    const inks = Uint32Array.from({length: 255}, (_, i) => {
      const weight = (i - 127) / 127 * share;
      const end = weight < 0 ? minus : plus;
      // Emphasizes small weights, less than a square root, which would show noise.
      const strength = Math.abs(weight) ** 0.75;
      return pixel(none.map((channel, c) => Math.round(channel + (end[c] - channel) * strength)));
    });
    for (let i = 0; i < out.length; i++) out[i] = inks[firstLayer[i] + 127];
    ctx.putImageData(image, 0, 0);
  }
}
