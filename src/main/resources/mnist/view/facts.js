/** What a run says of itself in run.json, as lists of names and values. */

import {count, duration, figure, percent, when} from '/shared/format.js';

const host = document.getElementById('facts-list');

/** Shows it; what is a list or a table of its own is left out. */
export function showFacts(run) {
  host.replaceChildren();
  const {results = {}, data = {}} = run;
  add('', {
    status: run.status,
    started: when(run.started),
    ended: run.ended && when(run.ended),
    error: run.error,
  });
  add('Results', {
    'best test': results.best_test && measured(results.best_test),
    'last test': results.last_test && measured(results.last_test),
    steps: results.steps && count(results.steps),
    took: results.seconds && duration(results.seconds),
    'median step': results.median_step_ms && `${figure(results.median_step_ms)} ms`,
    'kept model': results.model && `of iteration ${count(results.model.iteration)}`,
    'weights SHA-256': results.weights_sha256,
  });
  add('Options', run.options);
  add('Data', {
    name: data.name,
    source: data.source,
    'training images': data.training_images && count(data.training_images),
    'test images': data.test_images && count(data.test_images),
  });
  add('Versions', run.versions);
  add('Platform', run.platform);
}

/** Says why there is nothing. */
export function factsMissing(words) {
  host.replaceChildren(Object.assign(document.createElement('p'), {className: 'quiet', textContent: words}));
}

const measured = ({accuracy, iteration}) => `${percent(accuracy)} at ${count(iteration)}`;

function add(title, facts = {}) {
  const list = document.createElement('dl');
  for (const [name, value] of Object.entries(facts)) {
    const text = words(value);
    if (!text) continue;
    const row = document.createElement('div');
    const term = Object.assign(document.createElement('dt'), {textContent: name.replaceAll('_', ' ')});
    const told = Object.assign(document.createElement('dd'), {textContent: text, title: text});
    row.append(term, told);
    list.append(row);
  }
  if (list.childElementCount === 0) return;
  if (title) host.append(Object.assign(document.createElement('h3'), {textContent: title}));
  host.append(list);
}

function words(value) {
  if (value == null || value === '') return '';
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value === 'object') {
    return Object.entries(value).map(([name, one]) => `${name}=${words(one)}`).join(' ');
  }
  return value === true ? 'yes' : value === false ? 'no' : String(value);
}
