// When to try again. Pure.

/**
 * Milliseconds to wait before attempt number `attempt` (0 is the first after a failure): full jitter
 * under a doubling ceiling, never less than 100 ms and never more than 8 s, because people are waiting.
 * @param {number} attempt
 * @param {() => number} random from 0 to 1
 */
export function backoff(attempt, random = Math.random) {
  const ceiling = Math.min(8000, 400 * 2 ** Math.min(attempt, 16));
  return Math.max(100, Math.round(random() * ceiling));
}
