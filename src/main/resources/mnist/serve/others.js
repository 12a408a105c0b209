/** The same drawing, seen by other networks: a card each, and the choice of which. */

import {percent} from '/shared/format.js';
import {bytes, paintLevels, say} from './answer.js';

const MOST = 12;
const GAP = 1;

export class Others {
  #served;
  #cards = new Map();
  #host = document.getElementById('cards');
  #changed;

  /** @param changed is called when other networks are chosen */
  constructor({served, runs}, changed) {
    this.#served = served;
    this.#changed = changed;
    const chosen = usual(served, runs);
    document.getElementById('others-text').textContent = runs.length
      ? 'Networks of this machine\'s runs. In orange: another answer than the one above.'
      : 'There are no other networks yet: make run STAGE=1.0 trains one that often errs.';
    this.#add(served);
    for (const run of runs) {
      if (chosen.has(run.name)) this.#add(run);
    }
    document.getElementById('choose').hidden = runs.length === 0;
    document.getElementById('choices').append(...runs.map(run => this.#choice(run)));
    this.#limit();
  }

  /** The names of all networks to ask, the served one first. */
  get names() {
    return [...this.#cards.keys()];
  }

  #choice(run) {
    const item = document.createElement('li');
    item.innerHTML = '<label><input type="checkbox"><span></span><small></small></label>';
    const [box, title, name] = item.firstChild.children;
    box.checked = this.#cards.has(run.name);
    title.textContent = `${run.stage} ${run.title}, ${percent(run.test_accuracy)}`;
    name.textContent = run.name;
    box.addEventListener('change', () => {
      if (box.checked) this.#add(run);
      else {
        this.#cards.get(run.name).remove();
        this.#cards.delete(run.name);
      }
      this.#limit();
      this.#changed();
    });
    return item;
  }

  #limit() {
    const full = this.#cards.size >= MOST;
    for (const box of document.querySelectorAll('#choices input')) box.disabled = full && !box.checked;
  }

  #add(model) {
    const card = document.createElement('article');
    card.className = 'card';
    card.innerHTML = '<span class="says"></span><h3><b></b><span></span></h3><p></p>'
      + '<div class="spark" aria-hidden="true"></div><div class="maps" hidden><canvas role="img"></canvas><p></p></div>';
    card.querySelector('h3 b').textContent = model.stage ?? '';
    card.querySelector('h3 span').textContent = model.title ?? model.name;
    card.title = model.name;
    card.dataset.model = model.name;
    for (let c = 0; c < 10; c++) {
      const bar = document.createElement('i');
      bar.append(document.createElement('b'));
      card.querySelector('.spark').append(bar);
    }
    this.#host.append(card);
    this.#cards.set(model.name, card);
    this.#about = {...this.#about, [model.name]: model};
    this.#clear(model.name, card);
  }

  #about = {};

  #clear(name, card) {
    const {test_accuracy: accuracy, data_set: data} = this.#about[name];
    say(card.querySelector('.says'), '');
    card.querySelector('p').textContent = accuracy == null ? name
      : `${percent(accuracy)} of ${data}'s test images${name === this.#served.name ? ' · served' : ''}`;
    card.classList.remove('differs');
    card.querySelector('.maps').hidden = true;
    for (const bar of card.querySelectorAll('.spark i')) {
      bar.className = '';
      bar.firstChild.style.height = 0;
    }
  }

  clear() {
    for (const [name, card] of this.#cards) this.#clear(name, card);
  }

  /** @param answers the server's, the served network's first */
  show(answers) {
    for (const answer of answers) {
      const card = this.#cards.get(answer.model);
      if (card) this.#show(card, answer, answers[0]);
    }
  }

  #show(card, answer, first) {
    const text = card.querySelector('p');
    if (answer.error) {
      this.#clear(answer.model, card);
      text.textContent = answer.error;
      return;
    }
    const {class: best, next, probabilities, class_names: names, maps} = answer;
    say(card.querySelector('.says'), names[best]);
    card.classList.toggle('differs', best !== first.class);
    text.textContent = `${percent(probabilities[best])}, next ${names[next]} ${percent(probabilities[next])}`;
    card.querySelectorAll('.spark i').forEach((bar, c) => {
      bar.className = c === best ? 'best' : '';
      bar.firstChild.style.height = `${100 * probabilities[c]}%`;
    });
    const host = card.querySelector('.maps');
    host.hidden = !maps;
    if (maps) paintMaps(host, maps);
  }
}

/** The served one's twin among the runs says nothing new; of each stage the newest is enough. */
function usual(served, runs) {
  const chosen = new Set();
  const stages = new Set();
  for (const run of runs) {
    if (run.weights !== served.weights && !stages.has(run.stage) && chosen.size < MOST - 1) {
      stages.add(run.stage);
      chosen.add(run.name);
    }
  }
  return chosen;
}

function paintMaps(host, {count, rows, columns, levels}) {
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
  const all = bytes(levels);
  const size = rows * columns;
  for (let i = 0; i < count; i++) {
    paintLevels(ctx, all.subarray(i * size, (i + 1) * size),
      i % across * (columns + GAP), Math.floor(i / across) * (rows + GAP), columns, rows);
  }
  const text = `first layer: ${count} feature maps`;
  host.lastChild.textContent = text;
  canvas.setAttribute('aria-label', text);
}
