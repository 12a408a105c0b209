/** The dialog with one digit: its label, its predictions over time and its ten probabilities. */

import {colors, font, ramp, rem} from '/shared/theme.js';
import {count, percent} from '/shared/format.js';
import {element, makeBar} from '/shared/page.js';

const CLASSES = 10;

export class DigitDialog {
  #dialog = element('digit');
  #requests = 0;
  #bars = [];

  constructor() {
    const list = element('digit-bars');
    for (let i = 0; i < CLASSES; i++) {
      const row = makeBar();
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
   * @param digit split (train or test), index, label, prediction
   * @param image its 784 pixel values, or null
   * @param iteration of the prediction
   * @param info the run's run.json, or null
   */
  open(run, digit, image, iteration, info) {
    const names = run.header.class_names;
    const {split, index, label, prediction} = digit;
    element('digit-title').textContent =
      `${split === 'test' ? 'Test' : 'Training'} digit ${count(index)}`;
    element('digit-label').textContent = names[label];
    element('digit-prediction-name').textContent = `Prediction at iteration ${count(iteration)}`;
    element('digit-prediction').textContent = names[prediction];
    element('digit-prediction').className = prediction === label ? 'right' : 'wrong';
    this.#image(image, names[label]);
    this.#dialog.showModal();
    this.#strip(run, digit, iteration);
    this.#probabilities(run, digit, names, info);
  }

  #image(image, name) {
    const canvas = element('digit-image');
    canvas.setAttribute('aria-label', image ? `A ${name}, 28 × 28 pixels` : 'no image');
    const ctx = canvas.getContext('2d');
    ctx.clearRect(0, 0, 28, 28);
    if (!image) return;
    const data = ctx.createImageData(28, 28);
    const inks = ramp(colors.paper, colors.ink);
    new Uint32Array(data.data.buffer).set(Uint32Array.from(image, ink => inks[ink]));
    ctx.putImageData(data, 0, 0);
  }

  // ---- Probabilities

  async #probabilities(run, {split, index, label}, names, info) {
    const request = ++this.#requests;
    const message = element('digit-message');
    const model = info?.results?.model;
    element('digit-model').textContent = model ? `by the model of iteration ${count(model.iteration)}` : '';
    this.#bars.forEach((row, i) => this.#bar(row, names[i], null, false, false));
    if (!model) {
      message.textContent = run.live
        ? 'The run has no model yet; it saves one when it ends.'
        : 'The run has no saved model, so there are no probabilities.';
      return;
    }
    message.textContent = 'Running the model …';
    try {
      const {probabilities} = await run.probabilities(split, index);
      if (request !== this.#requests) return;
      const predicted = probabilities.indexOf(Math.max(...probabilities));
      this.#bars.forEach((row, i) => this.#bar(row, names[i], probabilities[i], i === label, i === predicted));
      message.textContent = '';
    } catch (e) {
      if (request === this.#requests) message.textContent = `No probabilities: ${e.message}.`;
    }
  }

  #bar(row, name, share, isLabel, isPredicted) {
    const [label, bar, value] = [row.querySelector('span'), row.querySelector('b'), row.querySelector('output')];
    label.textContent = name;
    bar.style.transform = `scaleX(${share ?? 0})`;
    value.textContent = share == null ? '' : share > 0 && share < 0.0005 ? '<0.1%' : percent(Math.round(share * 1000) / 1000);
    row.className = isLabel ? 'right' : isPredicted ? 'wrong' : '';
  }

  // ---- Predictions over time

  #strip(run, {split, index, label, prediction}, iteration) {
    const names = run.header.class_names;
    const predictions = split === 'test' ? testPredictions(run, index) : batchPredictions(run, index);
    const correct = predictions.filter(({prediction}) => prediction === label).length;
    const canvas = element('digit-strip');
    const text = split === 'test'
      ? `${count(correct)} of ${count(predictions.length)} correct`
      : `in ${predictions.length === 1 ? 'one recorded batch' : `${count(predictions.length)} recorded batches`},`
        + ` ${count(correct)} correct`;
    element('digit-strip-text').textContent = text;
    canvas.setAttribute('aria-label', `${text}; classified as ${names[prediction]} at iteration ${iteration}`);

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
    ctx.fillStyle = colors.grid;
    ctx.fillRect(left, label * row, width - left, row);
    ctx.font = font(0.75 * ratio);
    ctx.textBaseline = 'middle';
    ctx.textAlign = 'right';
    names.forEach((name, i) => {
      ctx.fillStyle = i === label ? colors.ink : colors.muted;
      ctx.fillText(name, left - 0.5 * unit, (i + 0.55) * row);
    });
    predictions.forEach(({iteration: at, prediction: predicted}, i) => {
      const from = x(at);
      const to = split === 'test' ? x(predictions[i + 1]?.iteration ?? last) : from;
      ctx.fillStyle = predicted === label ? colors.train : colors.test;
      ctx.fillRect(from, predicted * row + 0.2 * row, Math.max(to - from, Math.round(0.28 * unit)), 0.6 * row);
    });
    ctx.fillStyle = colors.muted;
    ctx.textAlign = 'left';
    ctx.fillText('0', left, CLASSES * row + 0.9 * unit);
    ctx.textAlign = 'right';
    ctx.fillText(`iteration ${count(last)}`, width, CLASSES * row + 0.9 * unit);
    ctx.fillRect(x(iteration), 0, ratio, CLASSES * row);
  }
}

const testPredictions = (run, index) =>
  run.record.tests.snapshots.map(test => ({iteration: test.iteration, prediction: test.prediction(index)}));

function batchPredictions(run, index) {
  const predictions = [];
  for (const batch of run.record.batches.snapshots) {
    for (let i = 0; i < batch.size; i++) {
      if (batch.image(i) === index) predictions.push({iteration: batch.iteration, prediction: batch.prediction(i)});
    }
  }
  return predictions;
}
