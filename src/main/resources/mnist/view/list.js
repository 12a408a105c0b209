/** The list of all runs, newest first; several may be chosen for comparing. */

import {count, duration, percent, when} from '/shared/format.js';
import {runs} from './run.js';

const LOOK_MILLIS = 2000;

export class ListPage {
  #body = document.querySelector('#runs tbody');
  #table = document.getElementById('runs');
  #empty = document.getElementById('list-empty');
  #button = document.getElementById('compare');
  #rows = new Map();
  #timer = 0;
  #open = false;
  #notice;

  /** @param notice says something to people, or nothing */
  constructor(notice) {
    this.#notice = notice;
    this.#button.addEventListener('click', () => {
      location.hash = `compare=${this.#chosen().map(encodeURIComponent).join(',')}`;
    });
    this.#body.addEventListener('change', () => this.#count());
    this.#body.addEventListener('click', e => {
      const row = e.target.closest('tr');
      if (row && !e.target.closest('input, a, label')) location.hash = encodeURIComponent(row.dataset.run);
    });
  }

  open() {
    this.#open = true;
    document.title = 'Runs · MNIST';
    this.#look();
  }

  close() {
    this.#open = false;
    clearTimeout(this.#timer);
  }

  async #look() {
    clearTimeout(this.#timer);
    try {
      const found = await runs();
      if (!this.#open) return;
      this.#notice('');
      this.#show(found);
    } catch (e) {
      if (!this.#open) return;
      this.#notice(e.message);
    }
    this.#timer = setTimeout(() => this.#look(), LOOK_MILLIS);
  }

  #show(found) {
    this.#table.hidden = found.length === 0;
    this.#empty.hidden = found.length > 0;
    this.#empty.textContent = 'There are no runs here yet. The first one makes itself seen: make run STAGE=3.0 ARGS=--view';
    const names = new Set(found.map(run => run.name));
    for (const [name, row] of this.#rows) {
      if (!names.has(name)) {
        row.remove();
        this.#rows.delete(name);
      }
    }
    found.forEach((run, i) => {
      let row = this.#rows.get(run.name);
      if (!row) {
        row = newRow(run.name);
        this.#rows.set(run.name, row);
      }
      fill(row, run);
      if (this.#body.children[i] !== row) this.#body.insertBefore(row, this.#body.children[i] ?? null);
    });
    this.#count();
  }

  #chosen() {
    return [...this.#body.querySelectorAll('input:checked')].map(box => box.closest('tr').dataset.run);
  }

  #count() {
    const chosen = this.#chosen().length;
    this.#button.disabled = chosen < 2;
    this.#button.textContent = chosen < 2 ? 'Choose two or more to compare' : `Compare ${chosen}`;
  }
}

function newRow(name) {
  const row = document.createElement('tr');
  row.dataset.run = name;
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.setAttribute('aria-label', `compare ${name}`);
  const label = document.createElement('label');
  label.append(box);
  row.insertCell().append(label);
  for (let i = 0; i < 7; i++) row.insertCell();
  row.cells[1].className = 'stage';
  const link = document.createElement('a');
  link.href = `#${encodeURIComponent(name)}`;
  const small = document.createElement('small');
  small.textContent = name;
  row.cells[2].append(link, small);
  row.cells[5].className = row.cells[6].className = 'number';
  row.cells[7].className = 'when';
  return row;
}

function fill(row, run) {
  const status = statusOf(run);
  const texts = {1: run.stage, 3: run.data_set, 5: percent(run.best_accuracy),
    6: run.iterations ? count(run.iterations) : '–', 7: when(run.started)};
  for (const [i, text] of Object.entries(texts)) set(row.cells[i], text);
  set(row.cells[2].firstChild, run.title || run.name);
  set(row.cells[4], status.text);
  row.cells[4].className = `status ${status.kind}`;
  row.classList.toggle('live', status.kind === 'running');
}

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** How a run is, in a word or two, and what kind of word that is. */
export function statusOf(run) {
  if (run.status === 'running' && run.quiet_seconds > 60) {
    return {kind: 'quiet', text: `no news for ${duration(run.quiet_seconds)}`};
  }
  return {kind: run.status, text: run.status};
}
