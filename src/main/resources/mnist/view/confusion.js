/** The confusion matrix of the test set at one iteration, and the digits of one of its cells. */

import {DigitGrid} from './digits.js';
import {count} from '/shared/format.js';
import {make} from '/shared/page.js';

const CLASSES = 10;
const MAX_DIGITS = 200;

export class Confusion {
  #table = document.querySelector('#confusion table');
  #title = document.getElementById('confused-title');
  #cells = [];
  #names = [];
  #selected = null;
  #shown = null;
  #grid;

  /** @param onOpen called with the digit that was clicked */
  constructor(onOpen) {
    this.#grid = new DigitGrid(document.getElementById('confused'), {columns: 0, rows: 0, onOpen});
  }

  /** Starts over with a run's classes. */
  reset(names) {
    this.#names = names;
    this.#selected = null;
    this.#shown = null;
    const long = names.some(name => name.length > 1);
    this.#table.replaceChildren();
    const head = this.#table.createTHead().insertRow();
    head.insertCell();
    head.append(...names.map((name, i) => make('th', {scope: 'col', title: name, textContent: long ? i : name})));
    const body = this.#table.createTBody();
    this.#cells = names.flatMap((name, label) => {
      const row = body.insertRow();
      row.append(make('th', {scope: 'row', textContent: long ? `${label} ${name}` : name}));
      return names.map((_, prediction) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.dataset.cell = `${label}-${prediction}`;
        button.addEventListener('click', () => this.#select(label, prediction));
        row.insertCell().append(button);
        return {button, text: null};
      });
    });
  }

  /** Shows a snapshot of the test set. */
  show(test, labels, sheet) {
    const same = this.#shown?.test === test && this.#shown.sheet === sheet;
    this.#shown = {test, labels, sheet};
    if (same) return;
    const counts = new Uint32Array(CLASSES * CLASSES);
    const totals = new Uint32Array(CLASSES);
    for (let i = 0; i < labels.length; i++) {
      counts[CLASSES * labels[i] + test.prediction(i)]++;
      totals[labels[i]]++;
    }
    counts.forEach((number, i) => {
      const [label, prediction] = [Math.floor(i / CLASSES), i % CLASSES];
      const cell = this.#cells[i];
      if (cell.text === number) return;
      cell.text = number;
      cell.button.textContent = number || '';
      const share = number / Math.max(totals[label], 1);
      const heat = label === prediction ? 55 * share ** 2 : Math.min(75, 300 * Math.sqrt(share / 10));
      cell.button.className = label === prediction ? 'right' : 'wrong';
      cell.button.style.setProperty('--heat', `${number ? Math.round(heat) : 0}%`);
      cell.button.setAttribute('aria-label',
        `${number} of class ${this.#names[label]} classified as ${this.#names[prediction]}`);
    });
    if (!this.#selected) {
      const worst = counts.reduce((best, number, i) =>
        Math.floor(i / CLASSES) !== i % CLASSES && number > counts[best] ? i : best, 1);
      this.#selected = [Math.floor(worst / CLASSES), worst % CLASSES];
    }
    this.#digits();
  }

  #select(label, prediction) {
    this.#selected = [label, prediction];
    this.#digits();
  }

  #digits() {
    const [label, prediction] = this.#selected;
    const {test, labels, sheet} = this.#shown;
    const cells = [];
    let number = 0;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] !== label || test.prediction(i) !== prediction) continue;
      number++;
      // Without the red of wrong ones, as all cells are of one kind.
      if (cells.length < MAX_DIGITS) cells.push({image: i, index: i, label, prediction: label});
    }
    this.#cells.forEach(({button}, i) =>
      button.setAttribute('aria-pressed', String(i === CLASSES * label + prediction)));
    const what = `${this.#names[label]} classified as ${this.#names[prediction]}`;
    const shown = number > cells.length ? `, showing ${cells.length}` : '';
    this.#title.textContent = `${what}: ${count(number)}${shown}`;
    this.#grid.show(cells, sheet);
    this.#grid.describe(`${what}: ${number} digits; arrow keys select one, Enter opens it`);
  }
}
