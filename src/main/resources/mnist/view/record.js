/**
 * Reads a run's view.record as it grows. Its form is told in ViewRecord.java: MNISTVW1, then blocks
 * of size, CRC-32 and body; numbers are little-endian.
 */

const MAGIC = 'MNISTVW1';
const BLOCK_HEAD = 8;
const HEADER = 0;
const TRAIN = 1;
const TEST = 2;

/** Where a body's kind, iteration, epoch, accuracy, loss, learning rate and seconds end. */
const MOMENT_END = 25;

/** The numbers that part sorted values into 7 equal shares. */
export const BOUNDARIES = 8;

const CRC_TABLE = Uint32Array.from({length: 256}, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes) {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Classes that are packed two to a byte, the first one in the low bits. */
function unpacked(bytes, count) {
  const classes = new Uint8Array(count);
  for (let i = 0; i < count; i++) classes[i] = bytes[i >> 1] >> 4 * (i & 1) & 15;
  return classes;
}

/** What was measured at one moment; the rest stays packed until it is asked for. */
class Seen {
  constructor(body) {
    this.body = body;
    this.view = new DataView(body.buffer, body.byteOffset, body.length);
    this.iteration = this.view.getInt32(1, true);
    this.epoch = this.view.getInt32(5, true);
    this.accuracy = this.view.getFloat32(9, true);
    this.loss = this.view.getFloat32(13, true);
    this.seconds = this.view.getFloat32(21, true);
  }
}

export class BatchSeen extends Seen {
  /** Images of the batch. */
  get size() {
    return this.view.getInt32(MOMENT_END, true);
  }

  /** Which image of the training set stands at a place of the batch. */
  image(place) {
    return this.view.getInt32(MOMENT_END + 4 + 4 * place, true);
  }

  right(place) {
    return this.body[MOMENT_END + 4 + 4 * this.size + place] & 15;
  }

  given(place) {
    return this.body[MOMENT_END + 4 + 4 * this.size + place] >> 4;
  }

  /** One of the 8 boundaries of the row-th spread; rows are counted over all groups. */
  boundary(row, which) {
    const at = MOMENT_END + 4 + 5 * this.size + 4 * (BOUNDARIES * row + which);
    return at + 4 <= this.body.length ? this.view.getFloat32(at, true) : NaN;
  }
}

export class TestSeen extends Seen {
  constructor(body, images) {
    super(body);
    this.images = images;
    this.weightsAt = MOMENT_END + (images + 1 >> 1);
  }

  given(image) {
    return this.body[MOMENT_END + (image >> 1)] >> 4 * (image & 1) & 15;
  }

  /** What 127 stands for in the pictures of the first layer. */
  get largestWeight() {
    return this.view.getFloat32(this.weightsAt, true);
  }

  /** Pictures of the first layer's weights, one after the other, a signed byte a pixel. */
  get firstLayer() {
    const {buffer, byteOffset, length} = this.body;
    return new Int8Array(buffer, byteOffset + this.weightsAt + 4, length - this.weightsAt - 4);
  }
}

/**
 * What was seen, in order. It never keeps more than so many moments: when it is full, every second
 * one goes, and from then on only every second one is kept. The newest is always there.
 */
export class Series {
  #limit;
  #stride = 1;
  #added = 0;
  moments = [];

  constructor(limit) {
    this.#limit = limit;
  }

  add(seen) {
    const {moments} = this;
    if (moments.length > 0 && (this.#added - 1) % this.#stride !== 0) moments.pop();
    moments.push(seen);
    if (moments.length > this.#limit) {
      this.#stride *= 2;
      const last = moments.length - 1;
      this.moments = moments.filter((_, i) => i % 2 === 0 || i === last);
    }
    this.#added++;
  }
}

export class RecordReader {
  /** Bytes that were read and understood; the next ones are to be fetched from here on. */
  bytes = 0;
  header = null;
  /** Whether the bytes that were fed last ended within a block. */
  cut = false;
  /** Why the record is none, or null. */
  wrong = null;
  testLabels = null;
  batches = new Series(4096);
  tests = new Series(2048);
  /** The first of the best measurements of the test set. */
  best = null;
  largestWeight = 0;

  /** Reads what was fetched from byte {@link bytes} on, as far as blocks are whole. */
  feed(chunk) {
    let at = 0;
    if (this.bytes === 0) {
      if (chunk.length < MAGIC.length) return;
      if (String.fromCharCode(...chunk.subarray(0, MAGIC.length)) !== MAGIC) {
        this.wrong = 'its record begins with other bytes; a newer or older program wrote it';
        return;
      }
      at = MAGIC.length;
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    while (chunk.length - at >= BLOCK_HEAD) {
      const size = view.getInt32(at, true);
      const end = at + BLOCK_HEAD + size;
      if (size < 1 || end > chunk.length) break;
      const body = chunk.subarray(at + BLOCK_HEAD, end);
      if (crc32(body) !== view.getUint32(at + 4, true)) break;
      this.#block(body.slice());
      at = end;
    }
    this.bytes += at;
    this.cut = at < chunk.length;
  }

  #block(body) {
    if (body[0] === HEADER) {
      this.header = JSON.parse(new TextDecoder().decode(body.subarray(1)));
      const packed = Uint8Array.from(atob(this.header.test_labels), c => c.charCodeAt(0));
      this.testLabels = unpacked(packed, this.header.test_images);
    } else if (body[0] === TRAIN) {
      this.batches.add(new BatchSeen(body));
    } else if (body[0] === TEST) {
      const seen = new TestSeen(body, this.header.test_images);
      this.tests.add(seen);
      this.largestWeight = Math.max(this.largestWeight, seen.largestWeight);
      if (!this.best || seen.accuracy > this.best.accuracy) this.best = seen;
    }
  }
}
