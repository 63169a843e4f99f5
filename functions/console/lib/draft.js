// What a person is writing: it stays over a reload of the page, in this tab alone.
import { useState } from "./dom.js";
import { once } from "./api.js";

/**
 * A draft, with the headers that make every sending of it one sending: they change with each letter, and not with a reload, so
 * that what was sent before an answer was lost is not sent twice.
 * @param {string} name whose and of what it is
 * @param {any} blank what it is before anything is written
 */
export function useDraft(name, blank) {
	const key = `switchboard-draft-${name}`;
	const [draft, set] = useState(() => read(key) ?? { value: blank, same: once() });
	const write = (value) => {
		const draft = { value, same: once() };
		sessionStorage.setItem(key, JSON.stringify(draft));
		set(draft);
	};
	const clear = () => {
		sessionStorage.removeItem(key);
		set({ value: blank, same: once() });
	};
	return { ...draft, write, clear };
}

function read(key) {
	try {
		return JSON.parse(sessionStorage.getItem(key) ?? "null");
	} catch {
		return null;
	}
}
