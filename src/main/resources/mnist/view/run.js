/** A run on the server: its summary, and its record as it grows. */

import {duration} from '/shared/format.js';
import {QUANTILES, RecordReader} from './record.js';

const CHECK_MILLIS = 4000;
/** A running run that writes nothing for longer may have been killed. */
export const MAX_QUIET_SECONDS = 60;

/** Sends a request; a failure has the server's message. */
export async function request(path) {
  let response;
  try {
    response = await fetch(path);
  } catch {
    throw new Error('The server does not respond; retrying. What is shown here remains.');
  }
  if (response.ok) return response;
  let message = `the server responds with status ${response.status}`;
  try {
    message = (await response.json()).error ?? message;
  } catch {
    // no message
  }
  throw new Error(message);
}

export const listRuns = async () => (await request('/api/runs')).json();

export class Run {
  summary = null;
  record = new RecordReader();
  /** All recorded iterations, and for each its latest batch's and test's index in the record. */
  curves = emptyCurves();
  /** A message for the top of the page, or an empty one. */
  problem = '';
  #base;
  #events = null;
  #timer = 0;
  #fetching = false;
  #wanted = 0;
  #changedAt = performance.now();
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

  /** Loads what is recorded so far, then follows the run. */
  async open() {
    await this.#check();
  }

  close() {
    this.#closed = true;
    this.#unfollow();
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisible);
  }

  /** The run's run.json. */
  async info() {
    return (await request(`${this.#base}/run.json`)).json();
  }

  /** Images of the training or the test set, 784 pixel values each. */
  async images(split, query) {
    return new Uint8Array(await (await request(`${this.#base}/images/${split}?${query}`)).arrayBuffer());
  }

  async probabilities(split, index) {
    return (await request(`${this.#base}/probabilities/${split}/${index}`)).json();
  }

  /** Seconds since the run last wrote anything, as far as known. */
  get quietSeconds() {
    return (performance.now() - this.#changedAt) / 1000 + (this.summary?.quiet_seconds ?? 0);
  }

  // ---- Following

  /** Updates the run, and again every few seconds, as folders may vanish and servers stop. */
  async #check() {
    clearTimeout(this.#timer);
    const before = this.record.bytes;
    try {
      const found = (await listRuns()).find(run => run.name === this.name);
      if (this.#closed) return;
      if (found) {
        this.summary = found;
        this.#changedAt = performance.now();
        if (found.recorded < before) this.#reset(); // a new record
        await this.#load(found.recorded);
        if (this.live && !document.hidden) this.#follow();
        this.problem = this.#describeProblem();
      } else {
        this.problem = this.summary
          ? 'The run’s folder no longer exists. What was loaded remains until you leave this page.'
          : `There is no run ${this.name} here.`;
        if (this.live) this.summary.status = 'gone';
      }
    } catch (e) {
      if (this.#closed) return;
      this.problem = e.message;
    }
    this.#onChange();
    if (!this.#closed && !document.hidden) {
      this.#timer = setTimeout(() => this.#check(), CHECK_MILLIS);
    }
  }

  #describeProblem() {
    const {record, summary} = this;
    if (record.error) return `The run cannot be shown: ${record.error}.`;
    if (summary.status === 'unreadable') return `The run’s description cannot be read: ${summary.error}.`;
    if (this.live && this.quietSeconds > MAX_QUIET_SECONDS) {
      return `No update for ${duration(this.quietSeconds)}: the run’s status is running, but it writes nothing; it may have been killed.`;
    }
    if (record.cut && !this.live) {
      return `The record is truncated or damaged from byte ${record.bytes}; showing what precedes it.`;
    }
    if (summary.status === 'failed') return `The run failed: ${summary.error ?? 'no reason was recorded'}.`;
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
          this.#changedAt = performance.now();
          this.summary.quiet_seconds = 0;
        }
        await this.#load(bytes);
      }
    };
    events.onerror = () => this.#unfollow(); // the next check finds out why
  }

  #unfollow() {
    this.#events?.close();
    this.#events = null;
  }

  #reset() {
    this.record = new RecordReader();
    this.curves = emptyCurves();
    this.#wanted = 0;
  }

  /** Fetches the new part of the record; while fetching, only remembers its new length. */
  async #load(bytes) {
    this.#wanted = Math.max(this.#wanted, bytes);
    if (this.#fetching || this.record.error) return;
    this.#fetching = true;
    try {
      while (this.record.bytes < this.#wanted && !this.#closed) {
        const {record} = this;
        const from = record.bytes;
        const response = await request(`${this.#base}/record?from=${from}`);
        const chunk = new Uint8Array(await response.arrayBuffer());
        if (record !== this.record) continue;
        record.feed(chunk);
        if (record.bytes === from) break; // the last block is incomplete
        this.curves = curves(this.record);
        this.#onChange();
      }
    } catch (e) {
      this.problem = e.message;
    } finally {
      this.#fetching = false;
    }
  }

  // ---- Snapshots

  /** The row of a group's quantiles; those of its layers follow. */
  quantileRow(group) {
    let row = 0;
    for (const {name, nodes} of this.header.groups) {
      if (name === group) return row;
      row += 1 + nodes.length;
    }
    return -1;
  }

  /** A row's quantiles over time, at the curves' iterations. */
  quantiles(row) {
    const {snapshots} = this.record.batches;
    return Array.from({length: QUANTILES}, (_, which) => {
      const at = this.curves.batchAt;
      return this.curves.x.map((x, i) =>
        at[i] >= 0 && snapshots[at[i]].iteration === x ? snapshots[at[i]].quantile(row, which) : null);
    });
  }

  /** The latest batch at an index of the curves. */
  batch(index) {
    return this.record.batches.snapshots[this.curves.batchAt[index]] ?? null;
  }

  test(index) {
    return this.record.tests.snapshots[this.curves.testAt[index]] ?? null;
  }

  /** Milliseconds per step over the last 200 iterations before a batch, evaluation included. */
  stepMillis(batch) {
    const {snapshots} = this.record.batches;
    let first = snapshots.indexOf(batch);
    while (first > 0 && batch.iteration - snapshots[first].iteration < 200) first--;
    const steps = batch && first >= 0 ? batch.iteration - snapshots[first].iteration : 0;
    return steps > 0 ? 1000 * (batch.seconds - snapshots[first].seconds) / steps : null;
  }
}

function emptyCurves() {
  return {x: [], batchAt: [], testAt: [], trainAccuracy: [], testAccuracy: [], trainLoss: [], testLoss: []};
}

/** Merges the snapshots of batches and of the test set; null where one was not evaluated. */
function curves({batches, tests}) {
  const merged = emptyCurves();
  const [b, t] = [batches.snapshots, tests.snapshots];
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
