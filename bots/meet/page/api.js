// Questions to the server, and its refusals as sentences.

export class Refusal extends Error {
  /** @param {string} sentence for people @param {number} status 0: there was no answer */
  constructor(sentence, status, options) {
    super(sentence, options);
    this.status = status;
  }
}

/**
 * @param {string} address
 * @param {{method?: string, body?: object, token?: string}} [how]
 * @returns {Promise<any>} the answer's JSON, null where it has none
 * @throws {Refusal}
 */
export async function ask(address, how = {}) {
  const answer = await reach(address, how);
  if (answer.status === 204) return null;
  return answer.json().catch((error) => {
    throw new Refusal("The server's answer broke off. Try again in a moment.", answer.status, { cause: error });
  });
}

/** A file that only a token opens. @returns {Promise<Blob>} @throws {Refusal} */
export async function askFile(address, token) {
  const answer = await reach(address, { token });
  return answer.blob().catch((error) => {
    throw new Refusal("The file broke off. Try again in a moment.", answer.status, { cause: error });
  });
}

async function reach(address, { method = "GET", body, token = "" }) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  let answer;
  try {
    answer = await fetch(address, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  } catch (error) {
    const sentence = navigator.onLine
      ? "The server can't be reached. Is Spokenly still running?"
      : "This device is offline. Try again when it has a network.";
    throw new Refusal(sentence, 0, { cause: error });
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

async function refusal(answer) {
  const said = await answer.json().catch(() => ({}));
  let sentence = said.error ?? "The server would not do that. Try again in a moment.";
  const wait = Number(answer.headers.get("Retry-After"));
  if (answer.status === 429 && wait > 1) sentence += ` In ${wait} s it will do.`;
  return new Refusal(sentence, answer.status);
}
