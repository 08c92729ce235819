// What this browser holds of the record: its own secret, the calls it opened or took part in, the records' key.

const ME = "spokenly.me";
const ROOMS = "spokenly.rooms";
const RECORDS_KEY = "spokenly.recordsKey";
const OWNER = "spokenly.owner";
const ROOMS_KEPT = 300;

/** @typedef {{owner?: string, title?: string, opened: string}} Known  `opened`: ISO time */

/** This browser's own secret, or "" where it has none. */
export function me() {
  const kept = read(() => localStorage, ME);
  return /^[\w-]{16,64}$/.test(kept ?? "") ? kept : "";
}

/** The same, made now if there is none: 128 random bits as 22 url-safe characters; "" without storage. */
export function mySecret() {
  if (!me()) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const letters = btoa(String.fromCharCode(...bytes));
    write(() => localStorage, ME, letters.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));
  }
  return me();
}

/** @returns {Map<string, Known>} the calls this browser knows, newest first */
export function knownRooms() {
  let kept = null;
  try {
    kept = JSON.parse(read(() => localStorage, ROOMS) ?? "{}");
  } catch {
    // Somebody else's value under our key.
  }
  const entries = Object.entries(kept ?? {}).filter(([, known]) => typeof known?.opened === "string");
  return new Map(entries.sort(([, a], [, b]) => (a.opened < b.opened ? 1 : -1)));
}

/** Notes a call; an owner's token that is known already stays. @param {string} room @param {Partial<Known>} known */
export function knowRoom(room, known) {
  const rooms = knownRooms();
  const before = rooms.get(room);
  rooms.set(room, { opened: new Date().toISOString(), ...before, ...known });
  keepRooms([...rooms].sort(([, a], [, b]) => (a.opened < b.opened ? 1 : -1)).slice(0, ROOMS_KEPT));
}

/** @param {string} room */
export function forgetRoom(room) {
  const rooms = knownRooms();
  if (rooms.delete(room)) keepRooms([...rooms]);
}

function keepRooms(rooms) {
  write(() => localStorage, ROOMS, JSON.stringify(Object.fromEntries(rooms)));
}

export function recordsKey() {
  return read(() => sessionStorage, RECORDS_KEY) ?? "";
}

/** Until this tab is closed; "" forgets it. @param {string} key */
export function keepRecordsKey(key) {
  write(() => sessionStorage, RECORDS_KEY, key);
}

/** The token that came when this browser opened the room, or "". @param {string} room */
export function ownerOf(room) {
  const owner = knownRooms().get(room)?.owner ?? read(() => sessionStorage, `${OWNER}.${room}`);
  return typeof owner === "string" ? owner : "";
}

/** The token to a room that leaves nothing behind: only this tab knows it. @param {string} room @param {string} owner */
export function ownForNow(room, owner) {
  write(() => sessionStorage, `${OWNER}.${room}`, owner);
}

/** Storage may be switched off: then it is as if nothing had been kept. */
function read(storage, key) {
  try {
    return storage().getItem(key);
  } catch {
    return null;
  }
}

function write(storage, key, value) {
  try {
    if (value) storage().setItem(key, value);
    else storage().removeItem(key);
  } catch {
    // Full or forbidden: it holds no longer than this page.
  }
}
