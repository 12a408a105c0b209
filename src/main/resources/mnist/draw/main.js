/** The page to draw on: each change of the drawing is sent to the models. */

import {element, notice} from '/shared/page.js';
import {Board} from './board.js';
import {Comparison} from './comparison.js';
import {Prediction, decodeBase64} from './prediction.js';

const NO_RESPONSE = 'The server does not respond; is it still running?';

async function readJson(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

const prediction = new Prediction();
const board = new Board(element('board'), onBoardChange);
let comparison = null;

// One request at a time; changes in the meantime are sent when the response has arrived.
let requesting = false;
let requestAgain = false;
let predictions = null;
let millis = 0;

function onBoardChange(strokeInProgress) {
  element('undo').disabled = element('clear').disabled = board.isEmpty;
  if (!strokeInProgress) predictions = null;
  if (board.isEmpty) {
    prediction.clear();
    comparison?.clear();
    notice('');
  }
  requestPredictions();
}

async function requestPredictions() {
  if (requesting) {
    requestAgain = true;
    return;
  }
  if (board.isEmpty || !comparison) return;
  requesting = true;
  do {
    requestAgain = false;
    await sendDrawing();
  } while (requestAgain && !board.isEmpty);
  requesting = false;
}

async function sendDrawing() {
  const start = performance.now();
  try {
    const models = new URLSearchParams(comparison.names.map(name => ['model', name]));
    const response = await readJson(
      await fetch(`/page/look?${models}`, {method: 'POST', body: await board.image()}));
    if (board.isEmpty) return;
    prediction.show(decodeBase64(response.seen), response.answers[0], response.warnings);
    comparison.show(response.answers);
    notice('');
    predictions = response.answers;
    millis = performance.now() - start;
  } catch (e) {
    notice(e instanceof TypeError ? NO_RESPONSE : e.message);
  }
}

// ---- Pictures from elsewhere

async function show(file) {
  try {
    await board.show(file);
  } catch (e) {
    notice(`The browser cannot show ${file.name || 'this'} as a picture.`);
  }
}

function showPicture(files, missing) {
  const file = [...files].find(each => each.type.startsWith('image/'));
  if (file) show(file);
  else notice(missing);
}

addEventListener('paste', e => showPicture(e.clipboardData.files, 'The clipboard contains no picture.'));
addEventListener('dragover', e => {
  e.preventDefault();
  element('board').classList.add('over');
});
addEventListener('dragleave', () => element('board').classList.remove('over'));
addEventListener('drop', e => {
  e.preventDefault();
  element('board').classList.remove('over');
  showPicture(e.dataTransfer.files, 'What was dropped is not a picture.');
});
element('file').addEventListener('change', e => {
  if (e.target.files[0]) show(e.target.files[0]);
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

// ---- Models

try {
  const models = await readJson(await fetch('/page/models'));
  comparison = new Comparison(models, requestPredictions);
  element('served').textContent = models.served.stage
    ? `${models.served.name}: stage ${models.served.stage}, ${models.served.title}` : models.served.name;
  document.title = `Draw a digit · ${models.served.name}`;
  requestPredictions();
} catch (e) {
  notice(NO_RESPONSE);
}

/** What the page shows, for tests. */
window.view = {
  get state() {
    return {
      predictions,
      strokes: board.strokes,
      busy: requesting,
      ready: comparison !== null,
      millis,
    };
  },
};
