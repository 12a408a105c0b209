/** Other models' predictions for the same drawing: a card for each model, and a list to choose from. */

import {percent} from '/shared/format.js';
import {element, make} from '/shared/page.js';
import {decodeBase64, drawGrayscale, showClass} from './prediction.js';

const MAX_MODELS = 12;
const GAP = 1;

export class Comparison {
  #served;
  #models = new Map();
  #cards = new Map();
  #onChange;

  /** @param onChange is called when other models have been chosen */
  constructor({served, runs}, onChange) {
    this.#served = served;
    this.#onChange = onChange;
    element('comparison-text').textContent = runs.length
      ? 'Models of the runs on this machine. Orange: differs from the prediction above.'
      : 'There are no other models yet: make run STAGE=1.0 trains one that is often wrong.';
    this.#add(served);
    const initial = initialModels(served, runs);
    for (const run of runs) {
      if (initial.has(run.name)) this.#add(run);
    }
    element('choose').hidden = runs.length === 0;
    element('choices').append(...runs.map(run => this.#choice(run)));
    this.#updateLimit();
  }

  /** The names of all chosen models, the served one first. */
  get names() {
    return [...this.#cards.keys()];
  }

  #choice(run) {
    const box = make('input', {type: 'checkbox', checked: this.#cards.has(run.name)});
    const title = `${run.stage} ${run.title}, ${percent(run.test_accuracy)}`;
    const item = make('li', {}, make('label', {},
      box, make('span', {textContent: title}), make('small', {textContent: run.name})));
    box.addEventListener('change', () => {
      if (box.checked) this.#add(run);
      else {
        this.#cards.get(run.name).remove();
        this.#cards.delete(run.name);
      }
      this.#updateLimit();
      this.#onChange();
    });
    return item;
  }

  #updateLimit() {
    const full = this.#cards.size >= MAX_MODELS;
    for (const box of element('choices').querySelectorAll('input')) box.disabled = full && !box.checked;
  }

  #add(model) {
    const bars = Array.from({length: 10}, () => make('i', {}, make('b')));
    const card = make('article', {className: 'card', title: model.name},
      make('span', {className: 'class'}),
      make('h3', {}, make('b', {textContent: model.stage ?? ''}), make('span', {textContent: model.title ?? model.name})),
      make('p'),
      make('div', {className: 'spark', ariaHidden: 'true'}, ...bars),
      make('div', {className: 'maps', hidden: true}, make('canvas', {role: 'img'}), make('p')));
    card.dataset.model = model.name;
    element('cards').append(card);
    this.#models.set(model.name, model);
    this.#cards.set(model.name, card);
    this.#clearCard(model.name, card);
  }

  #clearCard(name, card) {
    const {test_accuracy: accuracy, data_set: data} = this.#models.get(name);
    showClass(card.querySelector('.class'), '');
    card.querySelector('p').textContent = accuracy == null ? name
      : `${percent(accuracy)} on the ${data} test images${name === this.#served.name ? ' · served' : ''}`;
    card.classList.remove('differs');
    card.querySelector('.maps').hidden = true;
    for (const bar of card.querySelectorAll('.spark i')) {
      bar.className = '';
      bar.firstChild.style.height = 0;
    }
  }

  clear() {
    for (const [name, card] of this.#cards) this.#clearCard(name, card);
  }

  /** @param predictions the server's, the served model's first */
  show(predictions) {
    for (const prediction of predictions) {
      const card = this.#cards.get(prediction.model);
      if (card) this.#showCard(card, prediction, predictions[0]);
    }
  }

  #showCard(card, prediction, served) {
    const text = card.querySelector('p');
    if (prediction.error) {
      this.#clearCard(prediction.model, card);
      text.textContent = prediction.error;
      return;
    }
    const {class: best, next, probabilities, class_names: names, maps} = prediction;
    showClass(card.querySelector('.class'), names[best]);
    card.classList.toggle('differs', best !== served.class);
    text.textContent = `${percent(probabilities[best])}, next ${names[next]} ${percent(probabilities[next])}`;
    card.querySelectorAll('.spark i').forEach((bar, c) => {
      bar.className = c === best ? 'best' : '';
      bar.firstChild.style.height = `${100 * probabilities[c]}%`;
    });
    const host = card.querySelector('.maps');
    host.hidden = !maps;
    if (maps) drawFeatureMaps(host, maps);
  }
}

/** The newest run of each stage, except for the run whose model is the served one. */
function initialModels(served, runs) {
  const names = new Set();
  const stages = new Set();
  for (const run of runs) {
    if (run.weights !== served.weights && !stages.has(run.stage) && names.size < MAX_MODELS - 1) {
      stages.add(run.stage);
      names.add(run.name);
    }
  }
  return names;
}

function drawFeatureMaps(host, {count, rows, columns, levels}) {
  const canvas = host.firstChild;
  const across = Math.min(count, 6);
  const down = Math.ceil(count / across);
  const width = across * (columns + GAP) - GAP;
  const height = down * (rows + GAP) - GAP;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const ctx = canvas.getContext('2d');
  ctx.clearRect(0, 0, width, height);
  const pixels = decodeBase64(levels);
  const size = rows * columns;
  for (let i = 0; i < count; i++) {
    drawGrayscale(ctx, pixels.subarray(i * size, (i + 1) * size),
      i % across * (columns + GAP), Math.floor(i / across) * (rows + GAP), columns, rows);
  }
  const text = `first layer: ${count} feature maps`;
  host.lastChild.textContent = text;
  canvas.setAttribute('aria-label', text);
}
