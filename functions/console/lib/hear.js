// A call that goes on, heard without a microphone.
import { RATE } from "./sound.js";

/** How far the caller stands to the left, and the agent to the right. */
const PANS = [-0.5, 0.5];

/**
 * Opens the loudspeaker; to be called in a click. Returns what closes it.
 * @param {() => Promise<{url: string, protocols: string[]}>} view asks for a view of the call
 * @param {{onTold: (told: any) => void, onOver: (code: number) => void}} page is told how the call stands, and why the view is over
 */
export async function hear(view, page) {
	const context = new AudioContext({ sampleRate: RATE });
	try {
		await context.audioWorklet.addModule(new URL("./line-worklet.js", import.meta.url));
		const sides = PANS.map((pan) => {
			const side = new AudioWorkletNode(context, "line", { outputChannelCount: [1], processorOptions: { latency: 0 } });
			side.connect(new StereoPannerNode(context, { pan })).connect(context.destination);
			return side.port;
		});
		context.resume();
		const { url, protocols } = await view();
		const socket = new WebSocket(url, protocols);
		socket.binaryType = "arraybuffer";
		socket.onmessage = ({ data }) => {
			if (typeof data !== "string") {
				const [side, ...audio] = new Uint8Array(data);
				return sides[side]?.postMessage({ audio });
			}
			const told = JSON.parse(data);
			if (told.event === "clear") sides[1].postMessage({ clear: true });
			else page.onTold(told);
		};
		socket.onclose = ({ code }) => {
			context.close();
			page.onOver(code);
		};
		return () => socket.close();
	} catch (problem) {
		context.close();
		throw problem;
	}
}
