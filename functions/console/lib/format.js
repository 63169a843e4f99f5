// How values are written for people.

/** Writes a moment, or a dash where none is known. @param {Intl.DateTimeFormatOptions} style */
function writes(style) {
	const format = new Intl.DateTimeFormat(undefined, style);
	return (at) => (Date.parse(at) ? format.format(new Date(at)) : "–");
}
const whole = new Intl.NumberFormat();

export const dateTime = writes({ dateStyle: "medium", timeStyle: "short" });
export const date = writes({ dateStyle: "medium" });
export const time = writes({ timeStyle: "medium" });
/** @param {number} n */
export const count = (n) => whole.format(n);

/** Minutes and seconds, such as `1:05`. @param {number | null | undefined} seconds */
export function duration(seconds) {
	if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–";
	const all = Math.max(0, Math.round(seconds));
	const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
	const two = (n) => String(n).padStart(2, "0");
	return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** @param {number | null | undefined} ms */
export function millis(ms) {
	if (ms === null || ms === undefined) return "–";
	return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Millionths of a dollar. @param {number | null | undefined} micros */
export function money(micros) {
	if (micros === null || micros === undefined) return "–";
	const usd = micros / 1e6;
	return `$${usd.toFixed(usd !== 0 && Math.abs(usd) < 1 ? 4 : 2)}`;
}

/** Bytes in the unit that leaves few digits, such as `937.7 kB`. @param {number} n */
export function bytes(n) {
	const thousands = Math.min(3, Math.max(0, Math.floor(Math.log10(n || 1) / 3)));
	const unit = ["byte", "kilobyte", "megabyte", "gigabyte"][thousands];
	return (n / 1_000 ** thousands).toLocaleString(undefined, { style: "unit", unit, maximumFractionDigits: 1 });
}

/** A code of the API as words: `agent_hang_up` is `agent hang up`. @param {string | null | undefined} code */
export const words = (code) => (code ? code.replaceAll(/[_-]/g, " ") : "–");
