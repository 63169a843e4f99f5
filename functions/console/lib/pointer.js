// JSON by pointer (RFC 6901), without changing what is given.

const steps = (pointer) => pointer.split("/").slice(1).map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

export const at = (whole, pointer) => steps(pointer).reduce((part, step) => part?.[step], whole);

/** The same with `value` at `pointer`. */
export function put(whole, pointer, value) {
	const place = (part, /** @type {string[]} */ [step, ...rest]) => {
		if (step === undefined) return value;
		const copy = Array.isArray(part) ? [...part] : { ...(part ?? {}) };
		copy[step] = place(part?.[step], rest);
		return copy;
	};
	return place(whole, steps(pointer));
}

/** Where two values differ. Lists are compared as a whole, since their items have no names. @returns {string[]} */
export function differences(one, other, pointer = "") {
	const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
	if (!isObject(one) || !isObject(other)) return JSON.stringify(one ?? null) === JSON.stringify(other ?? null) ? [] : [pointer];
	const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
	return names.flatMap((name) => differences(one[name], other[name], `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`));
}

/** A value as a person reads it. */
export const shown = (value) => (value === undefined || value === null ? "nothing" : typeof value === "string" ? value : JSON.stringify(value, null, 2));
