/** The served model's prediction: the digit, ten bars, the runner-up, and the image as the model sees it. */

import {percent} from '/shared/format.js';
import {element, makeBar} from '/shared/page.js';

const CLASSES = 10;
const SIDE = 28;

/** Decodes base64, as which JSON holds bytes. */
export const decodeBase64 = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

/** Draws grayscale pixels 0..255. */
export function drawGrayscale(ctx, pixels, x, y, columns, rows) {
  const image = ctx.createImageData(columns, rows);
  for (let i = 0; i < pixels.length; i++) image.data.set([pixels[i], pixels[i], pixels[i], 255], 4 * i);
  ctx.putImageData(image, x, y);
}

/** Shows the name of a class, in a smaller font if it is more than a digit. */
export function showClass(label, name) {
  label.textContent = name;
  label.classList.toggle('word', name.length > 2);
}

export class Prediction {
  #digit = element('digit');
  #runnerUp = element('runner-up');
  #input = element('input');
  #rows = [];

  constructor() {
    for (let c = 0; c < CLASSES; c++) {
      const row = makeBar();
      element('bars').append(row);
      this.#rows.push(row);
    }
    this.clear();
  }

  clear() {
    showClass(this.#digit, '?');
    this.#digit.classList.add('none');
    this.#runnerUp.textContent = 'nothing drawn yet';
    this.#rows.forEach((row, c) => this.#setRow(row, String(c), 0, '', false));
    this.#input.getContext('2d').clearRect(0, 0, SIDE, SIDE);
    this.#input.setAttribute('aria-label', 'Nothing drawn yet');
  }

  /**
   * @param pixels the 784 pixels of the input; @param prediction the server's, or its error
   * @param warnings why the input may not be the digit
   */
  show(pixels, prediction, warnings) {
    drawGrayscale(this.#input.getContext('2d'), pixels, 0, 0, SIDE, SIDE);
    if (prediction.error) {
      showClass(this.#digit, '?');
      this.#runnerUp.textContent = prediction.error;
      return;
    }
    const {class: best, next, probabilities, class_names: names} = prediction;
    this.#digit.classList.remove('none');
    showClass(this.#digit, names[best]);
    this.#runnerUp.textContent =
      `${percent(probabilities[best])} sure; next ${names[next]}, ${percent(probabilities[next])}`
      + warnings.map(warning => `; ${warning}`).join('');
    this.#rows.forEach((row, c) =>
      this.#setRow(row, names[c], probabilities[c], percent(probabilities[c]), c === best));
    this.#input.setAttribute('aria-label', `The model's input, classified as ${names[best]}`);
  }

  #setRow(row, name, probability, text, best) {
    const [label, bar, output] = row.children;
    label.textContent = name;
    bar.firstChild.style.transform = `scaleX(${probability})`;
    output.textContent = text;
    row.classList.toggle('best', best);
  }
}
