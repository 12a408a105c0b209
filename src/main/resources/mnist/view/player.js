/** Which recorded iteration is shown: chosen by the user, played back, or the latest. */

/** The frame rate of the tutorial's movie. */
const ITERATIONS_PER_SECOND = 24;

export class Player {
  /** The index of the iteration that is shown. */
  index = 0;
  /** Whether it stays at the end as the record grows. */
  following = true;
  playing = false;
  speed = 1;
  #x = [];
  #live = false;
  #onMove;

  /** @param onMove called when another iteration must be shown, or playback starts or stops */
  constructor(onMove) {
    this.#onMove = onMove;
  }

  get end() {
    return Math.max(this.#x.length - 1, 0);
  }

  /** Updates the recorded iterations, staying at the current one. */
  update(x, live) {
    const iteration = this.#x[this.index];
    this.#x = x;
    this.#live = live;
    if (this.following || iteration === undefined) {
      this.index = this.end;
    } else {
      this.index = nearest(x, iteration);
    }
  }

  /** Shows an iteration, and stops following the run unless it is the last one. */
  moveTo(index) {
    this.playing = false;
    this.#show(index);
  }

  step(by) {
    this.moveTo(this.index + by);
  }

  /** Moves to the end and stays there. */
  follow() {
    this.moveTo(this.end);
  }

  toggle() {
    if (this.playing || (this.#live && this.following)) {
      this.pause();
    } else {
      this.play();
    }
  }

  pause() {
    this.playing = false;
    this.following = false;
    this.#onMove();
  }

  play() {
    if (this.index >= this.end) this.index = 0;
    this.playing = true;
    this.following = false;
    let before = performance.now();
    let due = 0;
    const tick = now => {
      if (!this.playing) return;
      due += (now - before) / 1000 * ITERATIONS_PER_SECOND * this.speed;
      before = now;
      if (due >= 1) {
        const steps = Math.floor(due);
        due -= steps;
        this.#show(this.index + steps);
        if (this.following) this.playing = false; // the end
      }
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    this.#onMove();
  }

  #show(index) {
    this.index = Math.min(Math.max(index, 0), this.end);
    this.following = this.index === this.end;
    if (this.following) this.playing = false;
    this.#onMove();
  }
}

/** The index of an iteration in an ascending list, or else of the last smaller one. */
function nearest(x, iteration) {
  let [low, high] = [0, x.length - 1];
  while (low < high) {
    const middle = low + high + 1 >> 1;
    if (x[middle] <= iteration) low = middle;
    else high = middle - 1;
  }
  return Math.max(low, 0);
}
