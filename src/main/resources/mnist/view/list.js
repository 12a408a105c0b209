/** The list of all runs, newest first; several can be selected for comparison. */

import {count, duration, percent, when} from '/shared/format.js';
import {MAX_QUIET_SECONDS, listRuns} from './run.js';

const REFRESH_MILLIS = 2000;

export class ListPage {
  #body = document.querySelector('#runs tbody');
  #table = document.getElementById('runs');
  #empty = document.getElementById('list-empty');
  #button = document.getElementById('compare');
  #rows = new Map();
  #timer = 0;
  #open = false;
  #notice;

  /** @param notice shows a message, or hides it if empty */
  constructor(notice) {
    this.#notice = notice;
    this.#button.addEventListener('click', () => {
      location.hash = `compare=${this.#selected().map(encodeURIComponent).join(',')}`;
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
    this.#refresh();
  }

  close() {
    this.#open = false;
    clearTimeout(this.#timer);
  }

  async #refresh() {
    clearTimeout(this.#timer);
    try {
      const found = await listRuns();
      if (!this.#open) return;
      this.#notice('');
      this.#show(found);
    } catch (e) {
      if (!this.#open) return;
      this.#notice(e.message);
    }
    this.#timer = setTimeout(() => this.#refresh(), REFRESH_MILLIS);
  }

  #show(found) {
    this.#table.hidden = found.length === 0;
    this.#empty.hidden = found.length > 0;
    this.#empty.textContent = 'No runs yet. Start one with: make run STAGE=3.0 ARGS=--view';
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

  #selected() {
    return [...this.#body.querySelectorAll('input:checked')].map(box => box.closest('tr').dataset.run);
  }

  #count() {
    const selected = this.#selected().length;
    this.#button.disabled = selected < 2;
    this.#button.textContent = selected < 2 ? 'Select two or more to compare' : `Compare ${selected}`;
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
  set(row.cells[2].lastChild, status.kind === 'unreadable' ? run.error : run.name);
  set(row.cells[4], status.text);
  row.cells[4].className = `status ${status.kind}`;
  row.classList.toggle('live', status.kind === 'running');
}

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A run's status as text, and its kind, which style.css colors. */
export function statusOf(run) {
  if (run.status === 'running' && run.quiet_seconds > MAX_QUIET_SECONDS) {
    return {kind: 'quiet', text: `no update for ${duration(run.quiet_seconds)}`};
  }
  return {kind: run.status, text: run.status};
}
