/** What is taken for what: the test set's confusion at a moment, and the digits of one cell. */

import {DigitGrid} from './digits.js';
import {count} from '/shared/format.js';

const CLASSES = 10;
const MOST_DIGITS = 200;

export class Confusion {
  #table = document.querySelector('#confusion table');
  #title = document.getElementById('confused-title');
  #cells = [];
  #names = [];
  #chosen = null;
  #shown = null;
  #grid;

  /** @param onOpen called with the digit that was chosen */
  constructor(onOpen) {
    this.#grid = new DigitGrid(document.getElementById('confused'), {columns: 0, rows: 0, onOpen});
  }

  /** Begins anew, with a run's classes. */
  reset(names) {
    this.#names = names;
    this.#chosen = null;
    this.#shown = null;
    const long = names.some(name => name.length > 1);
    const head = names.map((name, i) => `<th scope="col" title="${name}">${long ? i : name}</th>`).join('');
    this.#table.innerHTML = `<thead><tr><td></td>${head}</tr></thead>`;
    const body = this.#table.createTBody();
    this.#cells = names.flatMap((name, right) => {
      const row = body.insertRow();
      const title = document.createElement('th');
      title.scope = 'row';
      title.textContent = long ? `${right} ${name}` : name;
      row.append(title);
      return names.map((_, given) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.dataset.cell = `${right}-${given}`;
        button.addEventListener('click', () => this.#choose(right, given));
        row.insertCell().append(button);
        return {button, text: null};
      });
    });
  }

  /** Shows a measurement of the test set. */
  show(test, labels, sheet) {
    const same = this.#shown?.test === test && this.#shown.sheet === sheet;
    this.#shown = {test, labels, sheet};
    if (same) return;
    const counts = new Uint32Array(CLASSES * CLASSES);
    const totals = new Uint32Array(CLASSES);
    for (let i = 0; i < labels.length; i++) {
      counts[CLASSES * labels[i] + test.given(i)]++;
      totals[labels[i]]++;
    }
    counts.forEach((number, i) => {
      const [right, given] = [Math.floor(i / CLASSES), i % CLASSES];
      const cell = this.#cells[i];
      if (cell.text === number) return;
      cell.text = number;
      cell.button.textContent = number || '';
      const share = number / Math.max(totals[right], 1);
      const heat = right === given ? 55 * share ** 2 : Math.min(75, 300 * Math.sqrt(share / 10));
      cell.button.className = right === given ? 'right' : 'wrong';
      cell.button.style.setProperty('--heat', `${number ? Math.round(heat) : 0}%`);
      cell.button.setAttribute('aria-label',
        right === given
          ? `${number} of ${this.#names[right]} recognised`
          : `${number} of ${this.#names[right]} taken for ${this.#names[given]}`);
    });
    if (!this.#chosen) {
      const worst = counts.reduce((best, number, i) =>
        Math.floor(i / CLASSES) !== i % CLASSES && number > counts[best] ? i : best, 1);
      this.#chosen = [Math.floor(worst / CLASSES), worst % CLASSES];
    }
    this.#digits();
  }

  #choose(right, given) {
    this.#chosen = [right, given];
    this.#digits();
  }

  #digits() {
    const [right, given] = this.#chosen;
    const {test, labels, sheet} = this.#shown;
    const cells = [];
    let number = 0;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== right || test.given(i) !== given) continue;
      number++;
      if (cells.length < MOST_DIGITS) cells.push({image: i, number: i, right, given: right});
    }
    this.#cells.forEach(({button}, i) =>
      button.setAttribute('aria-pressed', String(i === CLASSES * right + given)));
    const what = right === given
      ? `${this.#names[right]} recognised`
      : `${this.#names[right]} taken for ${this.#names[given]}`;
    const some = number > cells.length ? `, ${cells.length} of them` : '';
    this.#title.textContent = `${what}: ${count(number)}${some}`;
    this.#grid.show(cells, sheet);
    this.#grid.describe(`${what}: ${number} digits; arrow keys choose one, Enter opens it`);
  }
}
