/** One digit: large, what it is, what it was taken for over time, and its ten probabilities. */

import {colours, font, ramp, rem} from '/shared/theme.js';
import {count, percent} from '/shared/format.js';
import {element} from '/shared/page.js';

const CLASSES = 10;

export class DigitDialog {
  #dialog = element('digit');
  #asked = 0;
  #bars = [];

  constructor() {
    const list = element('digit-bars');
    for (let i = 0; i < CLASSES; i++) {
      const row = document.createElement('li');
      row.innerHTML = '<span></span><i><b></b></i><output></output>';
      list.append(row);
      this.#bars.push(row);
    }
    this.#dialog.addEventListener('click', e => e.target === this.#dialog && this.#dialog.close());
  }

  get isOpen() {
    return this.#dialog.open;
  }

  close() {
    this.#dialog.close();
  }

  /**
   * @param digit split (train or test), number, right, given
   * @param image its 784 grey levels, or null
   * @param iteration the moment that is shown
   * @param facts of the run, or null
   */
  open(run, digit, image, iteration, facts) {
    const names = run.header.class_names;
    const {split, number, right, given} = digit;
    element('digit-title').textContent =
      `${split === 'test' ? 'Test' : 'Training'} digit ${count(number)}`;
    element('digit-right').textContent = names[right];
    element('digit-given-name').textContent = `Given at iteration ${count(iteration)}`;
    element('digit-given').textContent = names[given];
    element('digit-given').className = given === right ? 'right' : 'wrong';
    this.#image(image, names[right]);
    this.#dialog.showModal();
    this.#strip(run, digit, iteration);
    this.#probabilities(run, digit, names, facts);
  }

  #image(image, name) {
    const canvas = element('digit-image');
    canvas.setAttribute('aria-label', image ? `A ${name}, 28 × 28 grey levels` : 'no picture');
    const ctx = canvas.getContext('2d');
    ctx.clearRect(0, 0, 28, 28);
    if (!image) return;
    const data = ctx.createImageData(28, 28);
    const inks = ramp(colours.paper, colours.ink);
    new Uint32Array(data.data.buffer).set(Uint32Array.from(image, grey => inks[grey]));
    ctx.putImageData(data, 0, 0);
  }

  // ---- Probabilities

  async #probabilities(run, {split, number, right}, names, facts) {
    const asked = ++this.#asked;
    const words = element('digit-words');
    const model = facts?.results?.model;
    element('digit-model').textContent = model ? `by the model of iteration ${count(model.iteration)}` : '';
    this.#bars.forEach((row, i) => this.#bar(row, names[i], null, false, false));
    if (!model) {
      words.textContent = run.live
        ? 'The run has no model yet: it keeps one when it ends.'
        : 'The run has kept no model, so there are no probabilities.';
      return;
    }
    words.textContent = 'Asking the run’s model …';
    try {
      const {probabilities} = await run.probabilities(split, number);
      if (asked !== this.#asked) return;
      const most = probabilities.indexOf(Math.max(...probabilities));
      this.#bars.forEach((row, i) => this.#bar(row, names[i], probabilities[i], i === right, i === most));
      words.textContent = '';
    } catch (e) {
      if (asked === this.#asked) words.textContent = `No probabilities: ${e.message}.`;
    }
  }

  #bar(row, name, share, right, given) {
    const [label, bar, value] = [row.querySelector('span'), row.querySelector('b'), row.querySelector('output')];
    label.textContent = name;
    bar.style.transform = `scaleX(${share ?? 0})`;
    value.textContent = share == null ? '' : share > 0 && share < 0.0005 ? '<0.1%' : percent(Math.round(share * 1000) / 1000);
    row.className = right ? 'right' : given ? 'wrong' : '';
  }

  // ---- Answers over time

  #strip(run, {split, number, right, given}, iteration) {
    const names = run.header.class_names;
    const answers = split === 'test' ? ofTests(run, number) : ofBatches(run, number);
    const rightOnes = answers.filter(answer => answer.given === right).length;
    const canvas = element('digit-strip');
    const text = split === 'test'
      ? `${count(rightOnes)} of ${count(answers.length)} right`
      : answers.length === 1
        ? 'seen in one recorded batch'
        : `seen in ${count(answers.length)} recorded batches, ${count(rightOnes)} times right`;
    element('digit-strip-text').textContent = text;
    canvas.setAttribute('aria-label', `${text}; at iteration ${iteration} it was taken for ${names[given]}`);

    const ratio = devicePixelRatio;
    const unit = rem() * ratio;
    const width = Math.floor(canvas.parentElement.clientWidth * ratio - 3.2 * unit);
    const row = Math.round(0.95 * unit);
    const left = Math.round((Math.max(...names.map(name => name.length)) > 1 ? 6 : 1.5) * unit);
    canvas.width = width;
    canvas.height = CLASSES * row + 1.8 * unit;
    canvas.style.width = `${width / ratio}px`;
    const ctx = canvas.getContext('2d');
    const last = Math.max(run.curves.x.at(-1) ?? 1, 1);
    const x = at => Math.round(left + (width - left - 0.4 * unit) * at / last);
    ctx.fillStyle = colours.grid;
    ctx.fillRect(left, right * row, width - left, row);
    ctx.font = font(0.75 * ratio);
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'right';
    names.forEach((name, i) => {
      ctx.fillStyle = i === right ? colours.ink : colours.muted;
      ctx.fillText(name, left - 0.5 * unit, (i + 0.55) * row);
    });
    answers.forEach((answer, i) => {
      const from = x(answer.iteration);
      const to = split === 'test' ? x(answers[i + 1]?.iteration ?? last) : from;
      ctx.fillStyle = answer.given === right ? colours.train : colours.test;
      ctx.fillRect(from, answer.given * row + 0.2 * row, Math.max(to - from, Math.round(0.28 * unit)), 0.6 * row);
    });
    ctx.fillStyle = colours.muted;
    ctx.textAlign = 'left';
    ctx.fillText('0', left, CLASSES * row + 0.9 * unit);
    ctx.textAlign = 'right';
    ctx.fillText(`iteration ${count(last)}`, width, CLASSES * row + 0.9 * unit);
    ctx.fillRect(x(iteration), 0, ratio, CLASSES * row);
  }
}

const ofTests = (run, number) =>
  run.record.tests.moments.map(test => ({iteration: test.iteration, given: test.given(number)}));

function ofBatches(run, number) {
  const answers = [];
  for (const batch of run.record.batches.moments) {
    for (let place = 0; place < batch.size; place++) {
      if (batch.image(place) === number) answers.push({iteration: batch.iteration, given: batch.given(place)});
    }
  }
  return answers;
}
