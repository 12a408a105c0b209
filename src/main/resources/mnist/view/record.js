/** Reads a run's view record as it grows; ViewRecordFormat.java describes the format. */

const {magic: MAGIC, block_head: BLOCK_HEAD, kinds: KINDS, offsets: OFFSETS, fields_end: FIELDS_END,
  quantiles: QUANTILES} = await (await fetch('/api/record-format')).json();

export {QUANTILES};

const CRC_TABLE = Uint32Array.from({length: 256}, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes) {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Unpacks classes that are stored two to a byte, the first in the low bits. */
function unpack(bytes, count) {
  const classes = new Uint8Array(count);
  for (let i = 0; i < count; i++) classes[i] = bytes[i >> 1] >> 4 * (i & 1) & 15;
  return classes;
}

/** One evaluation; what is not needed for the curves stays packed until it is read. */
class Snapshot {
  constructor(body) {
    this.body = body;
    this.view = new DataView(body.buffer, body.byteOffset, body.length);
    this.iteration = this.view.getInt32(OFFSETS.iteration, true);
    this.accuracy = this.view.getFloat32(OFFSETS.accuracy, true);
    this.loss = this.view.getFloat32(OFFSETS.loss, true);
    this.seconds = this.view.getFloat32(OFFSETS.seconds, true);
  }
}

export class BatchSnapshot extends Snapshot {
  /** The number of images. */
  get size() {
    return this.view.getInt32(FIELDS_END, true);
  }

  /** The index in the training set of the i-th image. */
  image(i) {
    return this.view.getInt32(FIELDS_END + 4 + 4 * i, true);
  }

  label(i) {
    return this.body[FIELDS_END + 4 + 4 * this.size + i] & 15;
  }

  prediction(i) {
    return this.body[FIELDS_END + 4 + 4 * this.size + i] >> 4;
  }

  /** The i-th quantile in a row; rows are counted over all groups. */
  quantile(row, i) {
    const at = FIELDS_END + 4 + 5 * this.size + 4 * (QUANTILES * row + i);
    return at + 4 <= this.body.length ? this.view.getFloat32(at, true) : NaN;
  }
}

export class TestSnapshot extends Snapshot {
  constructor(body, size) {
    super(body);
    this.size = size;
    this.weightsAt = FIELDS_END + (size + 1 >> 1);
  }

  prediction(i) {
    return this.body[FIELDS_END + (i >> 1)] >> 4 * (i & 1) & 15;
  }

  /** The absolute weight that 127 stands for in firstLayer. */
  get largestWeight() {
    return this.view.getFloat32(this.weightsAt, true);
  }

  /** The first layer's weights as images, one after the other, a signed byte per pixel. */
  get firstLayer() {
    const {buffer, byteOffset, length} = this.body;
    return new Int8Array(buffer, byteOffset + this.weightsAt + 4, length - this.weightsAt - 4);
  }
}

/**
 * Snapshots in order, at most as many as the limit: whenever it is exceeded, every other one is
 * dropped, and from then on only every other one is added. The latest is always kept.
 */
export class Series {
  #limit;
  #stride = 1;
  #added = 0;
  snapshots = [];

  constructor(limit) {
    this.#limit = limit;
  }

  add(snapshot) {
    const {snapshots} = this;
    if (snapshots.length > 0 && (this.#added - 1) % this.#stride !== 0) snapshots.pop();
    snapshots.push(snapshot);
    if (snapshots.length > this.#limit) {
      this.#stride *= 2;
      const last = snapshots.length - 1;
      this.snapshots = snapshots.filter((_, i) => i % 2 === 0 || i === last);
    }
    this.#added++;
  }
}

export class RecordReader {
  /** The number of bytes read so far; the next chunk starts here. */
  bytes = 0;
  header = null;
  /** Whether the last chunk ended within a block. */
  cut = false;
  /** Why the file is not a readable record, or null. */
  error = null;
  testLabels = null;
  batches = new Series(4096);
  tests = new Series(2048);
  /** The first snapshot with the best test accuracy. */
  best = null;
  largestWeight = 0;

  /** Reads a chunk that starts at byte {@link bytes}, up to its last complete block. */
  feed(chunk) {
    let at = 0;
    if (this.bytes === 0) {
      if (chunk.length < MAGIC.length) return;
      if (String.fromCharCode(...chunk.subarray(0, MAGIC.length)) !== MAGIC) {
        this.error = 'its record has an unknown format; another version of this program may have written it';
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
      if (!this.#block(body.slice())) {
        if (!this.header) this.error = 'its record has a damaged header';
        break;
      }
      at = end;
    }
    this.bytes += at;
    this.cut = at < chunk.length;
  }

  /** Adds a block; returns false if no run writes it. */
  #block(body) {
    if (!this.header || body[0] === KINDS.header) return this.#readHeader(body);
    if (body[0] !== KINDS.batch && body[0] !== KINDS.test) return true; // from a later version
    if (body.length < FIELDS_END + 4) return false;
    if (body[0] === KINDS.batch) {
      const snapshot = new BatchSnapshot(body);
      const rows = this.header.groups.reduce((sum, {nodes}) => sum + 1 + nodes.length, 0);
      if (body.length !== FIELDS_END + 4 + 5 * snapshot.size + 4 * QUANTILES * rows) return false;
      this.batches.add(snapshot);
    } else {
      const snapshot = new TestSnapshot(body, this.header.test_images);
      const {pictures, rows, columns} = this.header.first_layer;
      if (body.length !== snapshot.weightsAt + 4 + pictures * rows * columns) return false;
      this.tests.add(snapshot);
      this.largestWeight = Math.max(this.largestWeight, snapshot.largestWeight);
      if (!this.best || snapshot.accuracy > this.best.accuracy) this.best = snapshot;
    }
    return true;
  }

  #readHeader(body) {
    if (body[0] !== KINDS.header) return false;
    try {
      const header = JSON.parse(new TextDecoder().decode(body.subarray(1)));
      const {class_names: classes, groups, panels, first_layer: layer} = header;
      const packed = Uint8Array.from(atob(header.test_labels), c => c.charCodeAt(0));
      if (packed.length !== Math.ceil(header.test_images / 2) || classes.length !== 10
        || !classes.every(name => typeof name === 'string')
        || !groups.every(({name, nodes}) => typeof name === 'string' && Array.isArray(nodes))
        || !panels.every(panel => groups.some(({name}) => name === panel))
        || !(layer.rows * layer.columns * layer.pictures > 0)) return false;
      this.testLabels = unpack(packed, header.test_images);
      this.header = header;
      return true;
    } catch {
      return false;
    }
  }
}
