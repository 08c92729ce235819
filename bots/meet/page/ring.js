// Frames that the server has not acknowledged yet, and what they look like on the line. Pure.

export const RATE = 16000; // Hz
export const FRAME = 640; // samples: 40 ms
const HEADER = 12; // bytes: uint32 sequence number, float64 seconds

/**
 * One frame on the line: sequence number, seconds of the first sample, mono s16le, all little-endian.
 * @param {number} sequence
 * @param {number} at
 * @param {Int16Array} pcm
 */
export function packet(sequence, at, pcm) {
  const bytes = new ArrayBuffer(HEADER + pcm.length * 2);
  const view = new DataView(bytes);
  view.setUint32(0, sequence >>> 0, true);
  view.setFloat64(4, at, true);
  for (let i = 0; i < pcm.length; i += 1) view.setInt16(HEADER + i * 2, pcm[i], true);
  return bytes;
}

export class Ring {
  /** Keeps at most `limit` frames (60 s of 40 ms); past that the oldest is thrown away. */
  constructor(limit = 1500) {
    this.limit = limit;
    this.next = 0; // the sequence number of the next frame
    this.acknowledged = 0; // everything before has arrived
    /** @type {{sequence: number, bytes: ArrayBuffer, sent: number}[]} */
    this.frames = [];
  }

  /** The first sequence number still here; `next` when there is none. */
  get oldest() {
    return this.next - this.frames.length;
  }

  /** @param {number} at seconds on the sample clock @param {Int16Array} pcm */
  push(at, pcm) {
    this.frames.push({ sequence: this.next, bytes: packet(this.next, at, pcm), sent: 0 });
    this.next += 1;
    if (this.frames.length > this.limit) this.frames.shift();
  }

  /** The server has everything before `next`. @param {number} next */
  acknowledge(next) {
    this.acknowledged = Math.max(this.acknowledged, Math.min(next, this.next));
    this.frames.splice(0, Math.max(0, this.acknowledged - this.oldest));
  }

  /** The frame with this number, or the first one after it; undefined past the end. @param {number} sequence */
  from(sequence) {
    return this.frames[Math.max(0, sequence - this.oldest)];
  }

  /**
   * How many frames from `next` on never arrived and are here no more. A server that has forgotten
   * this share asks from 0 again: what it once acknowledged is not missing.
   * @param {number} next
   */
  missing(next) {
    return Math.max(0, this.oldest - Math.max(next, this.acknowledged));
  }
}
