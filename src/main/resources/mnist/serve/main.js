/** The page to draw on: whatever is on the sheet is shown to the networks as it changes. */

import {Answer, bytes} from './answer.js';
import {Board} from './board.js';
import {Others} from './others.js';
import {element, notice} from '/shared/page.js';

async function json(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

const answer = new Answer();
const board = new Board(element('board'), changed);
let others = null;

// One question at a time; what changes meanwhile is asked when the answer is there.
let asking = false;
let askAgain = false;
let shown = null;
let millis = 0;

function changed(underWay) {
  element('undo').disabled = element('clear').disabled = board.isEmpty;
  shown = underWay ? shown : null;
  if (board.isEmpty) {
    answer.clear();
    others?.clear();
    notice('');
  }
  ask();
}

async function ask() {
  if (asking) {
    askAgain = true;
    return;
  }
  if (board.isEmpty || !others) return;
  asking = true;
  do {
    askAgain = false;
    await askOnce();
  } while (askAgain && !board.isEmpty);
  asking = false;
}

async function askOnce() {
  const begun = performance.now();
  try {
    const models = new URLSearchParams(others.names.map(name => ['model', name]));
    const found = await json(await fetch(`/page/look?${models}`, {method: 'POST', body: await board.content()}));
    if (board.isEmpty) return;
    answer.show(bytes(found.seen), found.answers[0]);
    others.show(found.answers);
    notice('');
    shown = found.answers;
    millis = performance.now() - begun;
  } catch (e) {
    notice(e instanceof TypeError ? 'The server does not answer; is it still running?' : e.message);
  }
}

// ---- Pictures from elsewhere

async function take(file) {
  try {
    await board.show(file);
  } catch (e) {
    notice(`${file.name || 'This'} is no picture that the browser can show.`);
  }
}

const isPicture = file => file.type.startsWith('image/');

addEventListener('paste', e => {
  const file = [...e.clipboardData.files].find(isPicture);
  if (file) take(file);
  else notice('There is no picture in what was pasted.');
});
addEventListener('dragover', e => {
  e.preventDefault();
  element('board').classList.add('over');
});
addEventListener('dragleave', () => element('board').classList.remove('over'));
addEventListener('drop', e => {
  e.preventDefault();
  element('board').classList.remove('over');
  const file = [...e.dataTransfer.files].find(isPicture);
  if (file) take(file);
  else notice('There is no picture in what was dropped.');
});
element('file').addEventListener('change', e => {
  if (e.target.files[0]) take(e.target.files[0]);
  e.target.value = '';
});

// ---- Buttons and keys

element('undo').addEventListener('click', () => board.undo());
element('clear').addEventListener('click', () => board.clear());
addEventListener('keydown', e => {
  const key = e.key.toLowerCase();
  const undo = key === 'u' && !e.ctrlKey && !e.metaKey || key === 'z' && (e.ctrlKey || e.metaKey);
  if (e.altKey || !undo && (e.ctrlKey || e.metaKey)) return;
  if (undo && !board.isEmpty) board.undo();
  else if (key === 'c' || key === 'delete') board.clear();
  else return;
  e.preventDefault();
});

// ---- Networks

try {
  const models = await json(await fetch('/page/models'));
  others = new Others(models, ask);
  element('served').textContent = models.served.stage
    ? `${models.served.name}: stage ${models.served.stage}, ${models.served.title}` : models.served.name;
  document.title = `Draw a digit · ${models.served.name}`;
  ask();
} catch (e) {
  notice('The server does not answer; is it still running?');
}

/** What is shown, for those who look from outside, such as a test. */
window.view = {
  get state() {
    return {
      answers: shown,
      strokes: board.strokes,
      busy: asking,
      ready: others !== null,
      millis,
    };
  },
};
