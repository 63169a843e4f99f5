// Sound as a telephone line carries it: 8,000 samples a second, each a byte of mu-law (ITU-T G.711).

export const RATE = 8_000;
/** The highest tone that a telephone carries, Hz. */
const HIGHEST = 3_400;

/** @param {number} sample from -1 to 1 */
export function encode(sample) {
	const level = Math.min(32_635, Math.abs(sample) * 32_768) + 132;
	const exponent = Math.floor(Math.log2(level)) - 7;
	return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | ((level >> (exponent + 3)) & 15)) & 0xff;
}

/** The sample of each byte. */
export const DECODED = Float32Array.from({ length: 256 }, (_, byte) => {
	const bits = ~byte;
	const level = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
	return (bits & 0x80 ? -level : level) / 32_768;
});

/**
 * Brings sound to another rate, block by block: a low-pass (a sinc within a Blackman window) that is evaluated where the
 * samples of the new rate lie, so that the rates may have any ratio.
 * @param {number} from @param {number} to @returns {(block: Float32Array) => Float32Array}
 */
export function resampler(from, to) {
	if (from === to) return (block) => block;
	const cut = (2 * HIGHEST) / from;
	const half = Math.ceil(16 * Math.max(1, from / to));
	let kept = new Float32Array(2 * half);
	let at = half;
	const weight = (x) => {
		const turn = (Math.PI * x) / half;
		return (x ? Math.sin(Math.PI * cut * x) / (Math.PI * x) : cut) * (0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
	};
	return (block) => {
		const all = new Float32Array(kept.length + block.length);
		all.set(kept);
		all.set(block, kept.length);
		const made = [];
		for (; at + half < all.length; at += from / to) {
			let sum = 0;
			for (let n = Math.ceil(at - half); n <= at + half; n += 1) sum += all[n] * weight(n - at);
			made.push(sum);
		}
		const past = Math.floor(at - half);
		kept = all.slice(past);
		at -= past;
		return Float32Array.from(made);
	};
}
