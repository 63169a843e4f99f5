// A telephone line in the page: towards the bridge it plays Twilio's part of the protocol of media streams.
import { RATE } from "./sound.js";

/** Bytes that may wait to be sent, about 400 ms: older sound is of no use to a conversation. */
const MAX_WAITING = 6_000;
const FRAME_MS = 20;
/** What the bridge may take to close a stream that has ended. */
const CLOSED_WITHIN_MS = 5_000;
/** That no Twilio account has the call. */
const NO_ACCOUNT = `AC${"0".repeat(32)}`;
/** Where a browser does not say how late its sound is, s. */
const USUAL_LATENCY = 0.05;

/**
 * The microphone in a context of the line's rate. Firefox brings no microphone to another rate than its own: there the
 * worklet does.
 * @param {any} media @param {any} [Context]
 */
export async function listen(media, Context = AudioContext) {
	const context = new Context({ sampleRate: RATE });
	try {
		return { context, source: context.createMediaStreamSource(media) };
	} catch (error) {
		if (error.name !== "NotSupportedError") throw error;
		await context.close();
		const own = new Context();
		return { context: own, source: own.createMediaStreamSource(media) };
	}
}

/**
 * Opens microphone and loudspeaker; to be called in a click.
 * @param {string} device empty for the usual one
 * @param {{onLevel: (level: number) => void, onOver: () => void}} page is told how loud the microphone is, and that a stream is over
 */
export async function openLine(device, page) {
	const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1, ...(device && { deviceId: { exact: device } }) };
	const media = await navigator.mediaDevices.getUserMedia({ audio: wanted });
	const { context, source } = await listen(media);
	// A telephone call on the same device may have stopped it.
	const wake = () => context.state !== "closed" && context.resume().catch(() => {});
	context.onstatechange = wake;
	await context.audioWorklet.addModule(new URL("./line-worklet.js", import.meta.url));
	const sound = new AudioWorkletNode(context, "line", { outputChannelCount: [1], processorOptions: { latency: context.outputLatency || USUAL_LATENCY } });
	source.connect(sound).connect(context.destination);
	wake();

	let socket = /** @type {WebSocket | null} */ (null);
	let [call, stream, sequence, frames] = ["", "", 0, 0];
	const send = (event, fields) => {
		if (socket?.readyState !== WebSocket.OPEN) return;
		sequence += 1;
		socket.send(JSON.stringify({ event, sequenceNumber: String(sequence), streamSid: stream, ...fields }));
	};
	sound.port.onmessage = ({ data: { mark, frame, level } }) => {
		if (mark) send("mark", { mark: { name: mark } });
		if (!frame) return;
		page.onLevel(level);
		frames += 1;
		if (socket && socket.bufferedAmount > MAX_WAITING) return;
		const payload = btoa(String.fromCharCode(...frame));
		send("media", { media: { track: "inbound", chunk: String(frames), timestamp: String(frames * FRAME_MS), payload } });
	};
	const told = ({ event, media, mark }) => {
		const audio = media && Uint8Array.from(atob(media.payload), (byte) => byte.charCodeAt(0));
		sound.port.postMessage({ audio, mark: mark?.name, clear: event === "clear" });
	};
	return {
		/** Begins a stream. @param {string} sid of the call @param {{url: string, token: string}} door */
		begin(sid, { url, token }) {
			call = sid;
			stream = `MZ${crypto.randomUUID().replaceAll("-", "")}`;
			sequence = frames = 0;
			const opened = new WebSocket(url);
			socket = opened;
			opened.onopen = () => {
				opened.send(JSON.stringify({ event: "connected", protocol: "Call", version: "1.0.0" }));
				const mediaFormat = { encoding: "audio/x-mulaw", sampleRate: RATE, channels: 1 };
				send("start", { start: { streamSid: stream, accountSid: NO_ACCOUNT, callSid: call, tracks: ["inbound"], mediaFormat, customParameters: { token } } });
			};
			opened.onmessage = ({ data }) => told(JSON.parse(data));
			opened.onclose = () => {
				socket = null;
				// The next stream knows nothing of what this one wanted played.
				sound.port.postMessage({ clear: true });
				page.onOver();
			};
		},
		/** @param {string} digit */
		press: (digit) => send("dtmf", { dtmf: { track: "inbound_track", digit } }),
		/** @param {{muted: boolean, halfDuplex: boolean}} how */
		set: ({ muted, halfDuplex }) => sound.port.postMessage({ how: { muted, halfDuplex } }),
		/** Gives microphone and loudspeaker back, and hangs up: the bridge closes the stream when it has written what was said. */
		close() {
			send("stop", { stop: { accountSid: NO_ACCOUNT, callSid: call } });
			const open = socket;
			setTimeout(() => open?.close(), CLOSED_WITHIN_MS);
			for (const track of media.getTracks()) track.stop();
			if (context.state !== "closed") context.close();
		},
	};
}
