/** The colors of style.css for what is drawn on a canvas; they follow the system's light or dark. */

const NAMES = ['paper', 'ink', 'muted', 'grid', 'train', 'test', 'band-4', 'band-5', 'wrong',
  'negative', 'positive'];

/** Colors by name, as CSS text. */
export const colors = {};

const listeners = new Set();

function read() {
  const style = getComputedStyle(document.documentElement);
  for (const name of NAMES) colors[name] = style.getPropertyValue(`--${name}`).trim();
}

/** Calls back whenever light turns to dark or back, until the function that it returns is called. */
export function onThemeChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let letter = 0;
let family = '';

/** The size of a letter in CSS pixels; it grows with the window. */
export function rem() {
  letter ||= parseFloat(getComputedStyle(document.documentElement).fontSize);
  return letter;
}

/** A font for a canvas, so many letters high. */
export function font(size = 0.78, weight = 400) {
  family ||= getComputedStyle(document.body).fontFamily;
  return `${weight} ${Math.round(10 * size * rem()) / 10}px ${family}`;
}

addEventListener('resize', () => letter = 0, {capture: true});

/** Red, green and blue of a color written #rrggbb. */
export const rgb = hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));

/** A color as a pixel of an ImageData seen as Uint32Array. */
export const pixel = ([r, g, b]) => (255 << 24 | b << 16 | g << 8 | r) >>> 0;

/** The pixels from one color to another, in 256 steps. */
export function ramp(from, to) {
  const [a, b] = [rgb(from), rgb(to)];
  return Uint32Array.from({length: 256}, (_, i) =>
    pixel(a.map((channel, c) => Math.round(channel + (b[c] - channel) * i / 255))));
}

read();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  read();
  listeners.forEach(listener => listener());
});
