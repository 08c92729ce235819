// Is anything heard at all? Pure: fed with levels, says what it thinks.

const QUIET = 0.004; // peak: about -48 dBFS. Rooms with people in them are louder.
const PATIENCE = 5; // seconds

export class Hearing {
  constructor() {
    this.heard = false; // anything, ever
    this.quiet = 0; // seconds since the last sound
    this.zero = 0; // seconds of nothing but zeros
  }

  /**
   * Before the first sound, silence of 5 s is worth a word: the wrong device, or muted. Later people
   * simply are silent; then only 5 s of digital zeros say that the sound was cut off.
   * @param {number} peak 0 to 1
   * @param {number} seconds that the peak stands for
   * @returns {"heard" | "nothing" | "zeros"}
   */
  push(peak, seconds) {
    this.quiet = peak < QUIET ? this.quiet + seconds : 0;
    this.zero = peak === 0 ? this.zero + seconds : 0;
    if (this.quiet === 0) this.heard = true;
    if (this.zero >= PATIENCE) return "zeros";
    if (!this.heard && this.quiet >= PATIENCE) return "nothing";
    return "heard";
  }
}

/** Where a meter stands, 0 to 1, for a root mean square level: the top 54 dB. @param {number} rms */
export function meter(rms) {
  if (rms <= 0) return 0;
  return Math.min(1, Math.max(0, (20 * Math.log10(rms) + 60) / 54));
}
