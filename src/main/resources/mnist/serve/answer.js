/** What the served network says and sees: the digit, ten bars, the runner-up, 28 × 28 pixels. */

import {percent} from '/shared/format.js';

const CLASSES = 10;
const SIDE = 28;

/** Bytes that JSON has as base64. */
export const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));

/** Paints grey levels 0..255, white on black, a pixel a level. */
export function paintLevels(ctx, levels, x, y, columns, rows) {
  const image = ctx.createImageData(columns, rows);
  for (let i = 0; i < levels.length; i++) image.data.set([levels[i], levels[i], levels[i], 255], 4 * i);
  ctx.putImageData(image, x, y);
}

/** The text of an element, in a smaller size where it is more than a digit. */
export function say(element, name) {
  element.textContent = name;
  element.classList.toggle('word', name.length > 2);
}

export class Answer {
  #digit = document.getElementById('digit');
  #runnerUp = document.getElementById('runner-up');
  #seen = document.getElementById('seen');
  #rows = [];

  constructor() {
    const bars = document.getElementById('bars');
    for (let c = 0; c < CLASSES; c++) {
      const row = document.createElement('li');
      row.innerHTML = '<span></span><i><b></b></i><output></output>';
      bars.append(row);
      this.#rows.push(row);
    }
    this.clear();
  }

  clear() {
    say(this.#digit, '?');
    this.#digit.classList.add('none');
    this.#runnerUp.textContent = 'nothing drawn yet';
    this.#rows.forEach((row, c) => this.#fill(row, String(c), 0, '', false));
    this.#seen.getContext('2d').clearRect(0, 0, SIDE, SIDE);
    this.#seen.setAttribute('aria-label', 'Nothing yet');
  }

  /** @param seen 784 grey levels; @param answer what the server says, or its error */
  show(seen, answer) {
    paintLevels(this.#seen.getContext('2d'), seen, 0, 0, SIDE, SIDE);
    if (answer.error) {
      say(this.#digit, '?');
      this.#runnerUp.textContent = answer.error;
      return;
    }
    const {class: best, next, probabilities, class_names: names} = answer;
    this.#digit.classList.remove('none');
    say(this.#digit, names[best]);
    this.#runnerUp.textContent =
      `${percent(probabilities[best])} sure; next ${names[next]}, ${percent(probabilities[next])}`;
    this.#rows.forEach((row, c) =>
      this.#fill(row, names[c], probabilities[c], percent(probabilities[c]), c === best));
    this.#seen.setAttribute('aria-label', `What the network sees, taken for ${names[best]}`);
  }

  #fill(row, name, share, text, best) {
    const [label, bar, output] = row.children;
    label.textContent = name;
    bar.firstChild.style.transform = `scaleX(${share})`;
    output.textContent = text;
    row.classList.toggle('best', best);
  }
}
