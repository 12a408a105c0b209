/** The curves of several runs in one chart. */

import {ChartGroup} from './charts.js';
import {count, figure, percent} from '/shared/format.js';
import {Run} from './run.js';
import {element} from '/shared/page.js';

/** Colors of Okabe and Ito, ordered by contrast; names refer to the theme. */
const COLORS = ['train', 'test', 'band-5', '#CC79A7', '#E69F00', '#8C6BB1', '#A6761D', '#7F7F7F'];

export class ComparePage {
  #runs = [];
  #rows = [];
  #hidden = new Set();
  #group = null;
  #charts = null;
  #curves = [];
  #due = 0;
  #log = element('compare-log');
  #notice;

  constructor(notice) {
    this.#notice = notice;
    this.#log.addEventListener('click', () => {
      const log = this.#log.getAttribute('aria-pressed') !== 'true';
      this.#log.setAttribute('aria-pressed', String(log));
      this.#charts.loss.change({log});
    });
  }

  open(names) {
    document.title = 'Compare · MNIST';
    this.#log.setAttribute('aria-pressed', 'false');
    this.#hidden.clear();
    this.#runs = names.map(name => new Run(name, () => this.#soon()));
    this.#group = new ChartGroup('compare', {onPointer: at => this.#values(at)});
    this.#charts = {
      accuracy: this.#group.add(element('compare-accuracy'),
        {series: [], fixed: [0, 1], limits: [0, 1], axis: percent}),
      loss: this.#group.add(element('compare-loss'),
        {series: [], fixed: [0, 100], limits: [0, Infinity], log: false}),
    };
    this.#legend(names);
    this.#runs.forEach(run => run.open());
  }

  close() {
    this.#runs.forEach(run => run.close());
    this.#group?.destroy();
    this.#runs = [];
    cancelAnimationFrame(this.#due);
    this.#due = 0;
  }

  /** What is shown, for tests. */
  get state() {
    return {runs: this.#runs.map(run => run.name), moments: this.#group?.x.length ?? 0,
      zoom: this.#group?.zoom ?? null};
  }

  #legend(names) {
    const body = document.querySelector('#legend tbody');
    body.replaceChildren();
    this.#rows = names.map((name, i) => {
      const row = body.insertRow();
      row.dataset.run = name;
      const button = document.createElement('button');
      button.type = 'button';
      button.setAttribute('aria-pressed', 'true');
      const color = colorOf(i);
      button.style.setProperty('--color', color.startsWith('#') ? color : `var(--${color})`);
      button.append(document.createElement('i'), document.createElement('span'));
      button.lastChild.textContent = name;
      button.addEventListener('click', () => {
        if (!this.#hidden.delete(i)) this.#hidden.add(i);
        button.setAttribute('aria-pressed', String(!this.#hidden.has(i)));
        row.classList.toggle('off', this.#hidden.has(i));
        this.#soon();
      });
      row.insertCell().append(button);
      for (let k = 0; k < 4; k++) row.insertCell().className = 'number';
      return row;
    });
  }

  #soon() {
    this.#due ||= requestAnimationFrame(() => {
      this.#due = 0;
      this.#draw();
    });
  }

  #draw() {
    const loaded = this.#runs.filter(run => run.curves.x.length > 0);
    this.#notice(this.#runs.map(run => run.problem || (run.summary && !run.summary.recorded
      ? `${run.name} has no view record.` : '')).filter(Boolean).join(' '));
    this.#runs.forEach((run, i) => {
      if (run.summary?.stage) {
        this.#rows[i].cells[0].querySelector('span').textContent =
          `${run.summary.stage} ${run.summary.title} · ${run.name}`;
      }
      this.#rows[i].cells[4].textContent = percent(run.record.best?.accuracy ?? run.summary?.best_accuracy);
    });
    if (loaded.length === 0) return;
    const x = [...new Set(loaded.flatMap(run => run.curves.x))].sort((a, b) => a - b);
    const indexOf = new Map(x.map((iteration, i) => [iteration, i]));
    const aligned = (run, name) => {
      const values = new Array(x.length).fill(null);
      run.curves.x.forEach((iteration, i) => values[indexOf.get(iteration)] = run.curves[name][i]);
      return values;
    };
    const shown = this.#runs.map((run, i) => ({run, i})).filter(({i}) => !this.#hidden.has(i));
    this.#group.setX(x, x.at(-1));
    const kinds = shown.flatMap(({i}) => [
      {color: colorOf(i), width: 1, alpha: 0.35},
      {color: colorOf(i), width: 2.4},
    ]);
    // The range that makes the worst run visible; zooming shows others.
    const worst = Math.min(...loaded.map(run => run.record.best?.accuracy ?? 1));
    const fixed = [Math.max(0, Math.floor((1 - 3 * (1 - worst)) * 20) / 20), 1];
    this.#curves = this.#runs.map(run => ({
      accuracy: aligned(run, 'testAccuracy'), loss: aligned(run, 'testLoss')}));
    const key = JSON.stringify([kinds, fixed]);
    for (const [chart, name] of [[this.#charts.accuracy, 'Accuracy'], [this.#charts.loss, 'Loss']]) {
      const arrays = shown.flatMap(({run}) => [aligned(run, `train${name}`), aligned(run, `test${name}`)]);
      if (chart.key !== key) {
        chart.key = key;
        chart.reset({series: kinds, ...(name === 'Accuracy' ? {fixed} : {})});
      }
      chart.setData(arrays);
    }
    this.#values(null);
  }

  /** The values at an index: the test set's latest. */
  #values(at) {
    this.#runs.forEach((run, i) => {
      const curves = this.#curves[i];
      if (!curves || run.curves.x.length === 0) return;
      let k = at ?? this.#group.x.length - 1;
      while (k > 0 && curves.accuracy[k] == null) k--;
      const row = this.#rows[i].cells;
      row[1].textContent = count(this.#group.x[k] ?? 0);
      row[2].textContent = percent(curves.accuracy[k]);
      row[3].textContent = figure(curves.loss[k]);
    });
  }
}

const colorOf = i => COLORS[i % COLORS.length];
