// The line in the thread of the sound: what the agent says is played, what the microphone hears is cut into frames. Nothing
// here waits for a timer, so a page in the background talks on.
import { DECODED, RATE, encode, resampler } from "./sound.js";

/** Samples of a frame: 20 ms. */
const FRAME = 160;
const SILENCE = 0xff;
/** Seconds that are kept back before something is played, for what comes late. */
const KEPT_BACK = 0.06;
/** Seconds for which a room still sounds of what was played. */
const ECHO = 0.2;

class Line extends AudioWorkletProcessor {
	constructor({ processorOptions: { latency } }) {
		super();
		this.latency = latency * sampleRate;
		this.up = resampler(sampleRate, RATE);
		this.down = resampler(RATE, sampleRate);
		/** What is to be played, in its order: samples, and names of marks. @type {(Float32Array | string)[]} */
		this.queue = [];
		/** Marks that are passed, and when they are heard. @type {{mark: string, at: number}[]} */
		this.passed = [];
		this.wait = KEPT_BACK * sampleRate;
		this.lastPlayed = -Infinity;
		this.clock = 0;
		this.frame = new Uint8Array(FRAME);
		this.filled = 0;
		this.level = 0;
		this.how = { muted: false, halfDuplex: false };
		this.port.onmessage = ({ data }) => this.told(data);
	}

	told({ audio, mark, clear, how }) {
		if (audio) this.queue.push(this.down(Float32Array.from(audio, (byte) => DECODED[byte])));
		if (mark) this.queue.push(mark);
		if (how) this.how = how;
		if (clear) {
			for (const { mark } of this.passed) this.port.postMessage({ mark });
			for (const part of this.queue) if (typeof part === "string") this.port.postMessage({ mark: part });
			this.queue = [];
			this.passed = [];
		}
	}

	process([[heard]], [[output]]) {
		this.play(output);
		this.clock += output.length;
		while (this.passed.length && this.passed[0].at <= this.clock) this.port.postMessage({ mark: this.passed.shift()?.mark });
		this.hear(heard ?? new Float32Array(output.length));
		return true;
	}

	play(output) {
		let n = 0;
		while (n < output.length && this.queue.length) {
			const first = this.queue[0];
			if (this.wait > 0) {
				n += 1;
				this.wait -= 1;
			} else if (typeof first === "string") {
				this.passed.push({ mark: first, at: this.clock + n + this.latency });
				this.queue.shift();
			} else {
				const part = first.subarray(0, output.length - n);
				output.set(part, n);
				n += part.length;
				this.lastPlayed = this.clock + n;
				if (part.length < first.length) this.queue[0] = first.subarray(part.length);
				else this.queue.shift();
			}
		}
		if (!this.queue.length) this.wait = KEPT_BACK * sampleRate;
	}

	hear(samples) {
		const { muted, halfDuplex } = this.how;
		const closed = muted || (halfDuplex && this.clock - this.lastPlayed < ECHO * sampleRate);
		for (const sample of this.up(samples)) {
			this.level = Math.max(this.level, closed ? 0 : Math.abs(sample));
			this.frame[this.filled] = closed ? SILENCE : encode(sample);
			this.filled += 1;
			if (this.filled === FRAME) {
				this.port.postMessage({ frame: this.frame.slice(), level: this.level });
				this.filled = 0;
				this.level = 0;
			}
		}
	}
}

registerProcessor("line", Line);
