// Runs beside the page, on the audio thread: any sample rate → 16 kHz mono, cut into frames of 40 ms.
// It imports nothing, because not every browser lets a worklet import. Tests import it as a module.

const RATE = 16000; // Hz
const FRAME = 640; // samples
const CROSSINGS = 32; // of the sinc on each side: from 48 kHz, flat to 6.8 kHz, -80 dB from 8.1 kHz on
const BETA = 8; // Kaiser window: 80 dB
const CUTOFF = 0.93; // of the lower Nyquist frequency
const PHASES = 1024; // for odd rates the nearest of so many

/** Resamples by a polyphase windowed-sinc filter, without delaying the sample clock. */
export class Resampler {
  /** @param {number} from Hz @param {number} to Hz */
  constructor(from, to = RATE) {
    const divisor = gcd(Math.round(from), to);
    this.step = Math.round(from) / divisor; // input phases per output sample
    this.phases = to / divisor; // output samples per `step` input samples
    this.plain = this.step === this.phases;
    const scale = Math.min(1, to / from) * CUTOFF;
    this.half = Math.ceil(CROSSINGS / Math.min(1, to / from));
    this.table = this.plain ? [] : taps(Math.min(this.phases, PHASES), this.half, scale);
    this.history = new Float32Array(8192);
    this.filled = this.half - 1; // silence stands before the first sample
    this.start = 0; // where the window of the next output sample begins
    this.phase = 0; // 0 to phases - 1
  }

  /** Takes any number of samples and gives what can be computed by now. @param {Float32Array} input @returns {Float32Array} */
  push(input) {
    if (this.plain) return input;
    this.#keep(input);
    const output = new Float32Array(Math.ceil((this.filled * this.phases) / this.step) + 1);
    let count = 0;
    const width = 2 * this.half;
    while (this.start + width <= this.filled) {
      const row = this.table[Math.floor((this.phase * this.table.length) / this.phases)];
      let sum = 0;
      for (let i = 0; i < width; i += 1) sum += this.history[this.start + i] * row[i];
      output[count] = sum;
      count += 1;
      this.phase += this.step;
      const whole = Math.floor(this.phase / this.phases);
      this.start += whole;
      this.phase -= whole * this.phases;
    }
    return output.subarray(0, count);
  }

  #keep(input) {
    const used = Math.min(this.start, this.filled);
    this.history.copyWithin(0, used, this.filled);
    this.filled -= used;
    this.start -= used;
    if (this.filled + input.length > this.history.length) {
      const larger = new Float32Array(2 * (this.filled + input.length));
      larger.set(this.history.subarray(0, this.filled));
      this.history = larger;
    }
    this.history.set(input, this.filled);
    this.filled += input.length;
  }
}

function gcd(a, b) {
  return b ? gcd(b, a % b) : a;
}

/** One row of filter taps for each phase, each with a gain of one at 0 Hz. */
function taps(phases, half, scale) {
  const rows = [];
  for (let phase = 0; phase < phases; phase += 1) {
    const row = new Float32Array(2 * half);
    let sum = 0;
    for (let i = 0; i < row.length; i += 1) {
      const t = i - (half - 1) - phase / phases;
      const x = Math.PI * scale * t;
      row[i] = (x === 0 ? 1 : Math.sin(x) / x) * kaiser(t / half);
      sum += row[i];
    }
    rows.push(row.map((tap) => tap / sum));
  }
  return rows;
}

function kaiser(x) {
  return Math.abs(x) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

/** Modified Bessel function of the first kind, order 0. */
function bessel(x) {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/** Cuts 16 kHz samples into frames that know their place on the sample clock. */
export class Framer {
  constructor() {
    this.clock = 0; // samples before the frame that is being filled
    this.filled = 0;
    this.samples = new Float32Array(FRAME);
  }

  /** Time passed in which nothing was captured. @param {number} samples */
  skip(samples) {
    this.clock += Math.max(0, Math.round(samples));
  }

  /** @param {Float32Array} input @returns {{at: number, pcm: Int16Array, peak: number, rms: number}[]} */
  push(input) {
    const frames = [];
    for (const sample of input) {
      this.samples[this.filled] = sample;
      this.filled += 1;
      if (this.filled === FRAME) frames.push(this.#frame());
    }
    return frames;
  }

  #frame() {
    const pcm = new Int16Array(FRAME);
    let peak = 0;
    let sum = 0;
    for (let i = 0; i < FRAME; i += 1) {
      const sample = Math.max(-1, Math.min(1, this.samples[i] || 0));
      peak = Math.max(peak, Math.abs(sample));
      sum += sample * sample;
      pcm[i] = Math.round(sample * 32767);
    }
    const frame = { at: this.clock / RATE, pcm, peak, rms: Math.sqrt(sum / FRAME) };
    this.clock += FRAME;
    this.filled = 0;
    return frame;
  }
}

if (globalThis.registerProcessor) {
  const STALL = 1000; // ms between two blocks: the system slept or a call came in; the clock must go on

  class Capture extends AudioWorkletProcessor {
    constructor() {
      super();
      this.resampler = new Resampler(globalThis.sampleRate);
      this.framer = new Framer();
      this.silence = new Float32Array(128);
      this.last = Date.now();
      this.open = true;
      this.port.onmessage = () => {
        this.open = false;
      };
    }

    process(inputs) {
      const now = Date.now();
      if (now - this.last > STALL) this.framer.skip(((now - this.last) * RATE) / 1000);
      this.last = now;
      const block = inputs[0][0] ?? this.silence;
      for (const frame of this.framer.push(this.resampler.push(block))) {
        this.port.postMessage(frame, [frame.pcm.buffer]);
      }
      return this.open;
    }
  }
  globalThis.registerProcessor("capture", Capture);
}
