/** A run's run.json as lists of names and values. */

import {count, duration, figure, percent, when} from '/shared/format.js';

const host = document.getElementById('facts-list');

/** Shows a run's settings and results. */
export function showInfo(run) {
  host.replaceChildren();
  const results = run.results ?? {};
  const data = run.data ?? {};
  add('', {
    status: run.status,
    started: when(run.started),
    ended: run.ended && when(run.ended),
    error: run.error,
  });
  add('Results', {
    'best test': results.best_test && result(results.best_test),
    'last test': results.last_test && result(results.last_test),
    steps: results.steps && count(results.steps),
    time: results.seconds && duration(results.seconds),
    'median step': results.median_step_ms && `${figure(results.median_step_ms)} ms`,
    'saved model': results.model && `of iteration ${count(results.model.iteration)}`,
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

/** Shows a message instead. */
export function showInfoError(message) {
  host.replaceChildren(Object.assign(document.createElement('p'), {className: 'quiet', textContent: message}));
}

const result = ({accuracy, iteration}) => `${percent(accuracy)} at ${count(iteration)}`;

function add(title, values) {
  const list = document.createElement('dl');
  for (const [name, value] of Object.entries(values ?? {})) {
    const text = format(value);
    if (!text) continue;
    const row = document.createElement('div');
    const term = Object.assign(document.createElement('dt'), {textContent: name.replaceAll('_', ' ')});
    const description = Object.assign(document.createElement('dd'), {textContent: text, title: text});
    row.append(term, description);
    list.append(row);
  }
  if (list.childElementCount === 0) return;
  if (title) host.append(Object.assign(document.createElement('h3'), {textContent: title}));
  host.append(list);
}

function format(value) {
  if (value == null || value === '') return '';
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value === 'object') {
    return Object.entries(value).map(([name, item]) => `${name}=${format(item)}`).join(' ');
  }
  return value === true ? 'yes' : value === false ? 'no' : String(value);
}
