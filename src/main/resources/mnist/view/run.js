/** A run, followed through the server: what it says of itself and its record as it grows. */

import {duration} from '/shared/format.js';
import {BOUNDARIES, RecordReader} from './record.js';

const CHECK_MILLIS = 4000;
const QUIET_SECONDS = 60;

/** Asks the server; an error bears the server's own words. */
export async function ask(path) {
  let response;
  try {
    response = await fetch(path);
  } catch {
    throw new ServerGone('The server does not answer; trying again. What is shown stays.');
  }
  if (response.ok) return response;
  let words = `the server says ${response.status}`;
  try {
    words = (await response.json()).error ?? words;
  } catch {
    // no words of its own
  }
  throw new Error(words);
}

export class ServerGone extends Error {}

export const runs = async () => (await ask('/api/runs')).json();

export class Run {
  summary = null;
  record = new RecordReader();
  /** All recorded moments: iterations, and where in batches and tests each finds what it shows. */
  curves = emptyCurves();
  /** What people must know now, or an empty text. */
  trouble = '';
  #base;
  #events = null;
  #timer = 0;
  #fetching = false;
  #wanted = 0;
  #heardAt = performance.now();
  #closed = false;
  #onChange;
  #onVisible = () => document.hidden ? this.#unfollow() : this.#check();

  /** @param onChange called when the record has grown or the status has changed */
  constructor(name, onChange) {
    this.name = name;
    this.#base = `/api/runs/${encodeURIComponent(name)}`;
    this.#onChange = onChange;
    document.addEventListener('visibilitychange', this.#onVisible);
  }

  get live() {
    return this.summary?.status === 'running';
  }

  get header() {
    return this.record.header;
  }

  /** Loads what there is and follows the run from then on. */
  async open() {
    await this.#check();
  }

  close() {
    this.#closed = true;
    this.#unfollow();
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisible);
  }

  /** All that the run says of itself. */
  async facts() {
    return (await ask(`${this.#base}/run.json`)).json();
  }

  /** Images of the training or the test set, 784 grey levels each. */
  async images(split, query) {
    return new Uint8Array(await (await ask(`${this.#base}/images/${split}?${query}`)).arrayBuffer());
  }

  async probabilities(split, number) {
    return (await ask(`${this.#base}/probabilities/${split}/${number}`)).json();
  }

  /** Seconds since the run last wrote anything, as far as is known. */
  get quietSeconds() {
    return (performance.now() - this.#heardAt) / 1000 + (this.summary?.quiet_seconds ?? 0);
  }

  // ---- Following

  /** Looks how the run is; again every few seconds, for folders vanish and servers end. */
  async #check() {
    clearTimeout(this.#timer);
    const before = this.record.bytes;
    try {
      const found = (await runs()).find(run => run.name === this.name);
      if (this.#closed) return;
      if (found) {
        this.summary = found;
        this.#heardAt = performance.now();
        if (found.recorded < before) this.#startAgain(); // another record by now
        await this.#load(found.recorded);
        if (this.live && !document.hidden) this.#follow();
        this.trouble = this.#words();
      } else {
        this.trouble = this.summary
          ? 'The run’s folder is no longer there. What was read of it stays until this page is left.'
          : `There is no run ${this.name} here.`;
        if (this.live) this.summary.status = 'gone';
      }
    } catch (e) {
      if (this.#closed) return;
      this.trouble = e.message;
    }
    this.#onChange();
    if (!this.#closed && !document.hidden) {
      this.#timer = setTimeout(() => this.#check(), CHECK_MILLIS);
    }
  }

  #words() {
    const {record, summary} = this;
    if (record.wrong) return `The run cannot be shown: ${record.wrong}.`;
    if (summary.status === 'unreadable') return `The run says nothing readable of itself: ${summary.error}.`;
    if (this.live && this.quietSeconds > QUIET_SECONDS) {
      return `No news for ${duration(this.quietSeconds)}: the run says that it is running but writes nothing; it may have been killed.`;
    }
    if (record.cut && !this.live) {
      return `The record is cut short or damaged from byte ${record.bytes} on; it is shown as far as it is good.`;
    }
    if (summary.status === 'failed') return `The run failed: ${summary.error ?? 'it did not say why'}.`;
    return '';
  }

  #follow() {
    if (this.#events) return;
    const events = new EventSource(`${this.#base}/follow`);
    this.#events = events;
    events.onmessage = async ({data}) => {
      const {bytes, status} = JSON.parse(data);
      if (status !== 'running') {
        this.#unfollow();
        await this.#check();
      } else {
        if (bytes > this.#wanted) {
          this.#heardAt = performance.now();
          this.summary.quiet_seconds = 0;
        }
        await this.#load(bytes);
      }
    };
    events.onerror = () => this.#unfollow(); // the next look says what is the matter
  }

  #unfollow() {
    this.#events?.close();
    this.#events = null;
  }

  #startAgain() {
    this.record = new RecordReader();
    this.curves = emptyCurves();
    this.#wanted = 0;
  }

  /** Fetches what of the record is new; while it does, only remembers how much there is. */
  async #load(bytes) {
    this.#wanted = Math.max(this.#wanted, bytes);
    if (this.#fetching || this.record.wrong) return;
    this.#fetching = true;
    try {
      while (this.record.bytes < this.#wanted && !this.#closed) {
        const {record} = this;
        const from = record.bytes;
        const response = await ask(`${this.#base}/record?from=${from}`);
        const chunk = new Uint8Array(await response.arrayBuffer());
        if (record !== this.record) continue;
        record.feed(chunk);
        if (record.bytes === from) break; // the last block is still being written
        this.curves = curves(this.record);
        this.#onChange();
      }
    } catch (e) {
      this.trouble = e.message;
    } finally {
      this.#fetching = false;
    }
  }

  // ---- What it looked like

  /** The first row of a group's spreads, then those of its layers. */
  spreadRow(group) {
    let row = 0;
    for (const {name, nodes} of this.header.groups) {
      if (name === group) return row;
      row += 1 + nodes.length;
    }
    return -1;
  }

  /** The 8 boundaries of a spread over time, as the curves' moments have it. */
  spread(row) {
    const {moments} = this.record.batches;
    return Array.from({length: BOUNDARIES}, (_, which) => {
      const at = this.curves.batchAt;
      return this.curves.x.map((x, i) =>
        at[i] >= 0 && moments[at[i]].iteration === x ? moments[at[i]].boundary(row, which) : null);
    });
  }

  batch(moment) {
    return this.record.batches.moments[this.curves.batchAt[moment]] ?? null;
  }

  test(moment) {
    return this.record.tests.moments[this.curves.testAt[moment]] ?? null;
  }

  /** Milliseconds a step over the last 200 iterations before a batch, measuring included. */
  stepMillis(batch) {
    const {moments} = this.record.batches;
    let first = moments.indexOf(batch);
    while (first > 0 && batch.iteration - moments[first].iteration < 200) first--;
    const steps = batch && first >= 0 ? batch.iteration - moments[first].iteration : 0;
    return steps > 0 ? 1000 * (batch.seconds - moments[first].seconds) / steps : null;
  }
}

function emptyCurves() {
  return {x: [], batchAt: [], testAt: [], trainAccuracy: [], testAccuracy: [], trainLoss: [], testLoss: []};
}

/** Merges what was seen of batches and of the test set; null where one was not measured. */
function curves({batches, tests}) {
  const merged = emptyCurves();
  const [b, t] = [batches.moments, tests.moments];
  for (let i = 0, j = 0; i < b.length || j < t.length;) {
    const x = Math.min(b[i]?.iteration ?? Infinity, t[j]?.iteration ?? Infinity);
    const batch = b[i]?.iteration === x ? b[i++] : null;
    const test = t[j]?.iteration === x ? t[j++] : null;
    merged.x.push(x);
    merged.batchAt.push(i - 1);
    merged.testAt.push(j - 1);
    merged.trainAccuracy.push(batch?.accuracy ?? null);
    merged.trainLoss.push(batch?.loss ?? null);
    merged.testAccuracy.push(test?.accuracy ?? null);
    merged.testLoss.push(test?.loss ?? null);
  }
  return merged;
}
