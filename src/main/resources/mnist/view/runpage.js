/** The page of one run: six panels, the time bar and the sections below. */

import {ChartGroup, accuracyMarks, bands} from './charts.js';
import {Confusion} from './confusion.js';
import {DigitDialog} from './dialog.js';
import {DigitGrid, Sheet, wrongFirst} from './digits.js';
import {showInfo, showInfoError} from './facts.js';
import {Filters} from './filters.js';
import {count, duration, figure, percent} from '/shared/format.js';
import {statusOf} from './list.js';
import {Player} from './player.js';
import {QUANTILES} from './record.js';
import {Run} from './run.js';
import {element} from '/shared/page.js';

const TRAINING_DIGITS = 100;
const TEST_DIGITS = 1000;
const CACHED_BATCHES = 64;
const MAX_IMAGES = 10_000;

/** Images that could not be loaded are requested again after this time. */
const RETRY_MILLIS = 10_000;

/** Descriptions for screen readers are updated this long after the last change. */
const DESCRIBE_MILLIS = 400;

const plotOf = panel => document.querySelector(`#panel-${panel} .plot`);
const valuesOf = panel => document.querySelector(`#panel-${panel} .values`);

export class RunPage {
  run = null;
  #notice;
  #player = new Player(() => this.#schedule());
  #confusion = new Confusion(cell => this.#openDigit('test', cell));
  #filters = new Filters();
  #dialog = new DigitDialog();
  #training;
  #test;
  #group = null;
  #charts = {};
  #due = 0;
  #grown = false;
  #pointer = null;
  #testSheet = null;
  #batches = new Map();
  #batchRequests = 0;
  #lastTurn = 0;
  #batchShown = null;
  #testShown = null;
  #imagesProblem = '';
  #retryAt = 0;
  #info = null;
  #infoStatus = '';
  #moreVisible = false;
  #describeTimer = 0;

  constructor(notice) {
    this.#notice = notice;
    this.#training = new DigitGrid(plotOf(3), {
      columns: 10, rows: 10, gutter: 1, widest: 1.6,
      onOpen: cell => this.#openDigit('train', cell, this.#batchShown?.iteration),
      onHover: cell => this.#hovered(3, cell),
    });
    this.#test = new DigitGrid(plotOf(6), {
      columns: 40, rows: 25, gutter: 3.1, widest: 1.7,
      onOpen: cell => this.#openDigit('test', cell),
      onHover: cell => this.#hovered(6, cell),
    });
    this.#wire();
  }

  #wire() {
    element('slider').addEventListener('input', e => this.#player.moveTo(Number(e.target.value)));
    element('play').addEventListener('click', () => this.#player.toggle());
    element('live').addEventListener('click', () => this.#player.follow());
    element('speed').addEventListener('change', e => this.#player.speed = Number(e.target.value));
    element('log').addEventListener('click', e => {
      const log = e.target.getAttribute('aria-pressed') !== 'true';
      e.target.setAttribute('aria-pressed', String(log));
      this.#charts.loss?.change({log});
      this.#schedule();
    });
    for (const panel of [4, 5]) {
      element(`group-${panel}`).addEventListener('change', () => {
        this.#fillLayers(panel);
        this.#showBands(panel);
        this.#schedule();
      });
      element(`layer-${panel}`).addEventListener('change', () => {
        this.#showBands(panel);
        this.#schedule();
      });
    }
    for (const key of document.querySelectorAll('.key')) {
      key.addEventListener('click', () =>
        this.showOnly(element('panels').dataset.show === key.dataset.key ? '0' : key.dataset.key));
    }
    for (const button of document.querySelectorAll('[data-to]')) {
      const calm = matchMedia('(prefers-reduced-motion: reduce)');
      button.addEventListener('click', () => element(button.dataset.to)
        .scrollIntoView({behavior: calm.matches ? 'auto' : 'smooth'}));
    }
    new IntersectionObserver(([seen]) => {
      this.#moreVisible = seen.isIntersecting;
      this.#testShown = null; // so that the sections that were out of sight are updated
      this.#schedule();
    }, {rootMargin: '0px 0px -10% 0px'}).observe(element('more'));
    setInterval(() => this.run?.live && this.#head(), 1000);
  }

  // ---- Opening and closing

  async open(name) {
    document.title = `${name} · MNIST`;
    this.#info = null;
    this.#infoStatus = '';
    this.#testSheet = null;
    this.#batches.clear();
    this.#batchShown = this.#testShown = null;
    this.#imagesProblem = '';
    this.#retryAt = 0;
    this.#pointer = null;
    this.#player = Object.assign(new Player(() => this.#schedule()), {speed: Number(element('speed').value)});
    element('log').setAttribute('aria-pressed', 'false');
    element('panels').hidden = element('bar').hidden = element('no-record').hidden = true;
    element('figures').hidden = true;
    element('filters').hidden = element('confusion').hidden = element('facts').hidden = true;
    for (const id of ['stage', 'title', 'status', 'data', 'iteration', 'iterations', 'test-accuracy',
      'train-accuracy', 'test-loss', 'train-loss', 'step-ms', 'time-value']) element(id).textContent = '';
    element('name').textContent = name;
    this.showOnly('0');
    this.run = new Run(name, () => {
      this.#grown = true;
      this.#schedule();
    });
    await this.run.open();
  }

  close() {
    this.run?.close();
    this.run = null;
    this.#player.playing = false;
    this.#group?.destroy();
    this.#group = null;
    this.#charts = {};
    if (this.#dialog.isOpen) this.#dialog.close();
    cancelAnimationFrame(this.#due);
    clearTimeout(this.#describeTimer);
    this.#due = 0;
  }

  /** What is shown, for tests. */
  get state() {
    const {run} = this;
    return {
      run: run?.name ?? null,
      status: run?.summary?.status ?? null,
      iteration: run?.curves.x[this.#player.index] ?? null,
      moments: run?.curves.x.length ?? 0,
      following: this.#player.following,
      playing: this.#player.playing,
      wrongTraining: this.#training.wrong,
      wrongTest: this.#test.wrong,
      trainingIteration: this.#batchShown?.iteration ?? null,
      testIteration: this.#testShown?.iteration ?? null,
      zoom: this.#group?.zoom ?? null,
      heights: this.#charts.accuracy?.plot
        ? [this.#charts.accuracy.plot.scales.y.min, this.#charts.accuracy.plot.scales.y.max] : null,
      pointer: this.#pointer,
      show: element('panels').dataset.show,
    };
  }

  // ---- Drawing, at most once per frame and only what has changed

  #schedule() {
    if (this.run) this.#due ||= requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.#due = 0;
    const {run} = this;
    if (this.#grown) {
      this.#grown = false;
      this.#player.update(run.curves.x, run.live);
      if (run.header && run.curves.x.length > 0) {
        if (!this.#group) this.#setUp();
        this.#curves();
      }
      this.#texts();
      this.#loadInfo();
    }
    this.#head();
    if (this.#group) this.#showIteration();
  }

  /** Sets up the charts, once the record has its header and a first snapshot. */
  #setUp() {
    const {header, record} = this.run;
    element('panels').hidden = element('bar').hidden = element('figures').hidden = false;
    element('filters').hidden = element('confusion').hidden = element('facts').hidden = false;
    this.#group = new ChartGroup('run', {
      onPick: at => this.#player.moveTo(at),
      onPointer: at => {
        if (at === this.#pointer) return;
        this.#pointer = at;
        this.#values();
      },
    });
    const marks = () => ({reported: header.reported_accuracy, best: record.best});
    const series = [{color: 'train', width: 1, alpha: 0.8}, {color: 'test', width: 2.2}];
    this.#charts = {
      accuracy: this.#group.add(plotOf(1),
        {series, fixed: [0, 1], limits: [0, 1], axis: percent, ...accuracyMarks(marks, percent)}),
      loss: this.#group.add(plotOf(2), {series, fixed: [0, 100], limits: [0, Infinity], log: false}),
      4: this.#group.add(plotOf(4), bands('band-4')),
      5: this.#group.add(plotOf(5), bands('band-5')),
    };
    [4, 5].forEach((panel, i) => {
      const select = element(`group-${panel}`);
      select.replaceChildren(...header.groups.map(({name}) => new Option(capital(name), name)));
      select.value = header.panels[i] ?? header.groups[i].name;
      this.#fillLayers(panel);
    });
    this.#confusion.reset(header.class_names);
    const least = 1 - TEST_DIGITS / header.test_images;
    this.#test.marks = least < 0 ? [] : Array.from({length: 6}, (_, i) => percent(1 - (1 - least) * i / 5));
    this.#loadTestImages();
  }

  #fillLayers(panel) {
    const {nodes, labels = nodes} = this.#groupOf(panel);
    const select = element(`layer-${panel}`);
    select.replaceChildren(new Option('all layers', '0'),
      ...labels.map((label, i) => new Option(label, String(i + 1))));
    select.hidden = nodes.length < 2;
  }

  #groupOf(panel) {
    return this.run.header.groups.find(({name}) => name === element(`group-${panel}`).value);
  }

  #curves() {
    const {run} = this;
    const {x, trainAccuracy, testAccuracy, trainLoss, testLoss} = run.curves;
    this.#group.setX(x, this.#lastOnAxis());
    this.#charts.accuracy.setData([trainAccuracy, testAccuracy]);
    this.#charts.loss.setData([trainLoss, testLoss]);
    this.#showBands(4);
    this.#showBands(5);
    element('slider').max = this.#player.end;
  }

  /** The end of the axis; it doubles in a live run, so that curves do not move all the time. */
  #lastOnAxis() {
    const {run} = this;
    const last = run.curves.x.at(-1);
    if (!run.live) return last;
    let end = 100;
    while (end < last) end *= 2;
    return Math.min(end, Math.max(run.header.iterations, last));
  }

  /** The row of the quantiles that panel 4 or 5 shows. */
  #quantileRow(panel) {
    return this.run.quantileRow(this.#groupOf(panel).name) + Number(element(`layer-${panel}`).value);
  }

  #showBands(panel) {
    if (this.#group) this.#charts[panel].setData(this.run.quantiles(this.#quantileRow(panel)));
  }

  /** Shows everything at the player's iteration. */
  #showIteration() {
    const {run} = this;
    const at = this.#player.index;
    const iteration = run.curves.x[at];
    const slider = element('slider');
    if (Number(slider.value) !== at) slider.value = at;
    slider.style.setProperty('--share', `${100 * at / Math.max(this.#player.end, 1)}%`);
    slider.setAttribute('aria-valuetext', `iteration ${iteration}`);
    const play = element('play');
    const running = this.#player.playing || (run.live && this.#player.following);
    if (play.dataset.running !== String(running)) {
      play.dataset.running = running;
      play.setAttribute('aria-label', running ? 'Pause' : 'Play');
      element('space-does').textContent = running ? 'pause' : 'play';
    }
    const live = element('live');
    live.hidden = !run.live;
    live.setAttribute('aria-pressed', String(this.#player.following));
    const veil = at === this.#player.end ? null : iteration;
    for (const chart of Object.values(this.#charts)) chart.setIteration(veil);
    this.#values();
    this.#showBatch(run.batch(at));
    this.#showTest(run.test(at));
    clearTimeout(this.#describeTimer);
    this.#describeTimer = setTimeout(() => this.#describe(), DESCRIBE_MILLIS);
  }

  // ---- Texts and values

  #texts() {
    const {run} = this;
    const {summary} = run;
    this.#notice(run.problem || this.#imagesProblem);
    if (!summary) return;
    element('stage').textContent = summary.stage;
    element('title').textContent = summary.title || run.name;
    element('data').textContent = summary.data_set;
    const missing = element('no-record');
    missing.hidden = !!this.#group || !!run.record.error || !!run.problem;
    if (!this.#group) {
      element('facts').hidden = summary.status === 'unreadable';
      missing.textContent = run.live
        ? 'The run has just started; its first measurement will appear here.'
        : summary.recorded
          ? 'This run’s view record has no measurement yet, so there is nothing to draw. Its settings and results are below.'
          : 'This run was started without --view or --record-view, so there are no curves and no digits. Its settings and results are below.';
    }
  }

  #head() {
    const {run} = this;
    if (!run?.summary) return;
    const status = statusOf({...run.summary, quiet_seconds: Math.round(run.quietSeconds)});
    put('status', status.text);
    element('status').className = `status ${status.kind}`;
    const at = this.#player.index;
    const iteration = run.curves.x[at];
    if (iteration === undefined) return;
    const [batch, test] = [run.batch(at), run.test(at)];
    put('iteration', count(iteration));
    put('iterations', ` / ${count(Math.max(run.header.iterations, run.curves.x.at(-1)))}`);
    put('train-accuracy', percent(batch?.accuracy));
    put('test-accuracy', percent(test?.accuracy));
    put('train-loss', figure(batch?.loss));
    put('test-loss', figure(test?.loss));
    const millis = batch && run.stepMillis(batch);
    put('step-ms', figure(millis));
    const ahead = run.live && this.#player.following;
    put('time-name', ahead ? 'Time left' : 'Time');
    put('time-value', ahead
      ? (millis && status.kind === 'running' ? duration((run.header.iterations - iteration) * millis / 1000) : '–')
      : duration(Math.max(batch?.seconds ?? 0, test?.seconds ?? 0)));
  }

  /** The values above the charts: at the pointer or else at the player's iteration. */
  #values() {
    const {run} = this;
    if (!this.#group) return;
    const at = this.#pointer ?? this.#player.index;
    const [batch, test] = [run.batch(at), run.test(at)];
    const where = this.#pointer == null ? '' : `at ${count(run.curves.x[at])}`;
    const named = name => where ? '' : name; // there is not enough room for both
    values(1, where, [named('training'), percent(batch?.accuracy), 'train'], [named('test'), percent(test?.accuracy), 'test']);
    values(2, where, [named('training'), figure(batch?.loss), 'train'], [named('test'), figure(test?.loss), 'test']);
    for (const panel of [4, 5]) {
      const row = this.#quantileRow(panel);
      values(panel, where, [
        '', batch ? `${figure(batch.quantile(row, 0))} … ${figure(batch.quantile(row, QUANTILES - 1))}` : '–', `band-${panel}`]);
    }
  }

  #hovered(panel, cell) {
    if (!cell) {
      this.#counts();
      return;
    }
    const names = this.run.header.class_names;
    const prediction = cell.label === cell.prediction ? '' : `, classified as ${names[cell.prediction]}`;
    valuesOf(panel).textContent = `${names[cell.label]}${prediction}`;
  }

  #counts() {
    for (const [panel, shown] of [[3, this.#batchShown], [6, this.#testShown]]) {
      if (!shown) continue;
      const wrong = Math.round((1 - shown.accuracy) * shown.size);
      valuesOf(panel).textContent = `${count(wrong)} of ${count(shown.size)} wrong`;
    }
  }

  #describe() {
    if (!this.#group) return;
    const iteration = `iteration ${this.run.curves.x[this.#player.index]}`;
    for (const panel of [1, 2, 4, 5]) {
      const what = panel < 3 ? element(`h-${panel}`).textContent
        : `${element(`group-${panel}`).value}, from minimum to maximum`;
      const canvas = plotOf(panel).querySelector('canvas');
      canvas?.setAttribute('role', 'img');
      canvas?.setAttribute('aria-label', `${what} at ${iteration}: ${valuesOf(panel).textContent.trim()}`);
    }
    const help = 'arrow keys select a digit, Enter opens it';
    this.#training.describe(`Training digits at ${iteration}: ${valuesOf(3).textContent}; ${help}`);
    this.#test.describe(`Test digits at ${iteration}: ${valuesOf(6).textContent}; ${help}`);
  }

  async #loadInfo() {
    const {run} = this;
    const {status} = run.summary ?? {};
    if (!status || status === this.#infoStatus || status === 'gone' || status === 'unreadable') return;
    this.#infoStatus = status;
    try {
      const info = await run.info();
      if (run !== this.run) return;
      this.#info = info;
      showInfo(info);
    } catch (e) {
      if (run === this.run) showInfoError(e.message);
    }
  }

  // ---- Digits

  async #loadTestImages() {
    const {run} = this;
    const images = Math.min(run.header.test_images, MAX_IMAGES);
    const pixels = await this.#images('test', `first=0&count=${images}`);
    if (run !== this.run) return;
    if (pixels) {
      this.#testSheet = new Sheet(pixels);
    } else {
      setTimeout(() => run === this.run && this.#loadTestImages(), RETRY_MILLIS);
    }
    this.#testShown = null;
    this.#schedule();
  }

  /** Images, or null if they are not available; then the page shows why. */
  async #images(split, query) {
    const {run} = this;
    if (performance.now() < this.#retryAt) return null;
    try {
      if (run.summary?.status === 'unreadable') throw new Error(run.summary.error); // names the data set
      const pixels = await run.images(split, query);
      this.#imagesProblem = '';
      return pixels;
    } catch (e) {
      this.#retryAt = performance.now() + RETRY_MILLIS - 100;
      this.#imagesProblem = `The images of the digits are not available: ${e.message}.`;
      return null;
    } finally {
      if (run === this.run) this.#notice(run.problem || this.#imagesProblem);
    }
  }

  /** Shows a batch's digits as soon as their images are loaded; the previous batch stays until then. */
  async #showBatch(batch) {
    if (!batch || batch === this.#batchShown) return;
    const {run} = this;
    const turn = ++this.#batchRequests;
    const cells = wrongFirst(batch.size, TRAINING_DIGITS, i =>
      ({index: batch.image(i), label: batch.label(i), prediction: batch.prediction(i)}));
    cells.forEach((cell, i) => cell.image = i);
    const cached = this.#batches.get(batch.iteration);
    const sheet = cached ?? await this.#loadBatch(cells.map(cell => cell.index));
    if (run !== this.run || turn < this.#lastTurn) return; // a later one is shown already
    if (sheet) {
      this.#batches.delete(batch.iteration);
      this.#batches.set(batch.iteration, sheet);
      if (this.#batches.size > CACHED_BATCHES) this.#batches.delete(this.#batches.keys().next().value);
    }
    this.#lastTurn = turn;
    this.#batchShown = batch;
    this.#training.show(cells, sheet);
    this.#counts();
  }

  async #loadBatch(indices) {
    const pixels = await this.#images('train', `numbers=${indices.join(',')}`);
    return pixels && new Sheet(pixels);
  }

  #showTest(test) {
    if (!test || test === this.#testShown) return;
    const {run} = this;
    const labels = run.record.testLabels;
    const waiting = !this.#testSheet && !this.#imagesProblem;
    const cells = wrongFirst(test.size, TEST_DIGITS, i =>
      ({image: i, index: i, label: labels[i], prediction: test.prediction(i)}));
    this.#testShown = test;
    this.#test.show(cells, this.#testSheet, waiting);
    this.#counts();
    if (this.#moreVisible) {
      const {header, record} = run;
      this.#filters.show(header.first_layer, test.firstLayer, test.largestWeight, record.largestWeight,
        header.class_names, test.iteration);
      this.#confusion.show(test, labels, this.#testSheet);
    }
  }

  async #openDigit(split, cell, iteration = this.#testShown?.iteration) {
    const sheet = split === 'test' ? this.#testSheet : this.#batches.get(iteration);
    this.#dialog.open(this.run, {...cell, split}, sheet?.image(cell.image) ?? null, iteration, this.#info);
  }

  // ---- Keys

  /** Shows one panel, two (7, 8, 9), or all (0). */
  showOnly(key) {
    const panels = element('panels');
    panels.dataset.show = key;
    for (const button of panels.querySelectorAll('.key')) {
      button.setAttribute('aria-pressed', String(button.dataset.key === key));
    }
    scrollTo(0, 0);
  }

  /** @returns whether the key has a meaning here */
  key(e) {
    if (this.#dialog.isOpen || !this.#group) return false;
    if (/^[0-9]$/.test(e.key)) this.showOnly(e.key);
    else if (e.key === 'Escape') this.showOnly('0');
    else if (e.key === ' ') {
      if (this.run.live && !this.#player.following && !this.#player.playing) this.#player.follow();
      else this.#player.toggle();
    } else if (e.key === 'ArrowLeft') this.#player.step(e.shiftKey ? -10 : -1);
    else if (e.key === 'ArrowRight') this.#player.step(e.shiftKey ? 10 : 1);
    else if (e.key === 'Home') this.#player.moveTo(0);
    else if (e.key === 'End') this.#player.follow();
    else return false;
    return true;
  }
}

const capital = word => word[0].toUpperCase() + word.slice(1);

/** Changes a text only if it differs, as every change costs a layout. */
function put(id, text) {
  const node = element(id);
  if (node.textContent !== text) node.textContent = text;
}

/** Writes named values in their colors into a panel's header, reusing its elements. */
function values(panel, where, ...named) {
  const host = valuesOf(panel);
  while (host.childElementCount < named.length + 1) host.append(document.createElement('span'));
  const spans = host.children;
  if (spans[0].textContent !== where) spans[0].textContent = where;
  named.forEach(([name, value, color], i) => {
    const span = spans[i + 1];
    const text = name ? `${name} ${value}` : value;
    if (span.textContent !== text) span.textContent = text;
    if (!span.className) span.className = `dot ${color}`;
  });
}
