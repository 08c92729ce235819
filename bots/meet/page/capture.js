// Sound from a microphone, a tab or the sample → frames of 40 ms.

import { INSECURE, NO_OUTPUT, NO_SOUND_OF_TAB, refusal } from "./words.js";

const START = 5000; // ms

/** A sentence for the person who wanted to share. */
export class NoSound extends Error {}

const WORKLET = new URL("./worklet.js", import.meta.url);

/** Only Chromium on a desktop gives out the sound of a tab. */
export function tabsHaveSound() {
  return Boolean(navigator.mediaDevices?.getDisplayMedia && navigator.userAgentData?.mobile === false);
}

/** @returns {Promise<MediaDeviceInfo[]>} microphones; their labels are empty before the first permission */
export async function microphones() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return devices.filter((device) => device.kind === "audioinput" && device.deviceId !== "");
}

const OPENERS = {
  // Rooms have echoes and fans; what a tab plays is clean already.
  microphone: (options) =>
    navigator.mediaDevices.getUserMedia({
      audio: {
        ...(options.device ? { deviceId: { exact: options.device } } : {}),
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
      },
    }),
  tab: () =>
    navigator.mediaDevices.getDisplayMedia({
      video: true, // browsers give no sound without a picture; the picture is dropped at once
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
      systemAudio: "include",
      surfaceSwitching: "include",
    }),
};

/**
 * Asks for the sound and starts it. Call it from a click: Safari starts no audio otherwise.
 * @param {"microphone" | "tab" | "sample"} source
 * @param {{device?: string, audible?: boolean}} options
 * @param {{frame: (frame: {at: number, pcm: Int16Array, peak: number, rms: number}) => void,
 *   ended: () => void}} page
 * @returns {Promise<() => void>} stops it
 * @throws {NoSound}
 */
export async function capture(source, options, page) {
  if (!window.isSecureContext) throw new NoSound(INSECURE);
  // The sample rate is the device's own: Firefox connects no microphone to another one.
  const context = new AudioContext({ latencyHint: "interactive" });
  const undo = [() => context.close()];
  const stop = () => {
    while (undo.length) undo.pop()();
  };
  try {
    const running = context.resume();
    const input =
      source === "sample" ? await sample(context, options, page) : await stream(context, source, options, page, undo);
    await Promise.all([inTime(running), context.audioWorklet.addModule(WORKLET)]);
    listen(context, input, page, undo);
    if (source === "sample") input.start();
    return stop;
  } catch (error) {
    stop();
    if (error instanceof NoSound) throw error;
    throw new NoSound(refusal(error, source), { cause: error });
  }
}

/** Where there is no sound output at all, some browsers never say that they can't start. */
async function inTime(running) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new NoSound(NO_OUTPUT)), START);
  });
  await Promise.race([running, late]).finally(() => clearTimeout(timer));
}

async function stream(context, source, options, page, undo) {
  const media = await OPENERS[source](options);
  undo.push(() => media.getTracks().forEach((track) => track.stop()));
  media.getVideoTracks().forEach((track) => track.stop());
  const [track] = media.getAudioTracks();
  if (!track) throw new NoSound(NO_SOUND_OF_TAB);
  track.onended = page.ended;
  return context.createMediaStreamSource(new MediaStream([track]));
}

async function sample(context, options, page) {
  const answer = await fetch("/sample.wav");
  if (!answer.ok) throw new NoSound("This server has no sample to play.");
  const node = context.createBufferSource();
  node.buffer = await context.decodeAudioData(await answer.arrayBuffer());
  if (options.audible) node.connect(context.destination);
  // A moment of silence lets the last words settle.
  node.onended = () => setTimeout(page.ended, 1000);
  return node;
}

function listen(context, input, page, undo) {
  const node = new AudioWorkletNode(context, "capture", {
    channelCount: 1,
    channelCountMode: "explicit",
    channelInterpretation: "speakers",
  });
  node.port.onmessage = (event) => page.frame(event.data);
  input.connect(node);
  node.connect(context.destination); // its output is silence; unconnected nodes may not run
  // A phone call or another app may stop the sound for a while.
  const wake = () => {
    if (context.state === "running" || context.state === "closed") return;
    context.resume().catch(() => {
      // Not before the call is over; then the state changes again.
    });
  };
  context.onstatechange = wake;
  document.addEventListener("visibilitychange", wake);
  undo.push(() => {
    context.onstatechange = null;
    document.removeEventListener("visibilitychange", wake);
    node.port.postMessage("stop");
    node.port.onmessage = null;
    input.onended = null;
    input.disconnect();
    node.disconnect();
  });
}
