// What the API says of single fields, beside the fields that it points to.
import { html, useEffect, useState } from "../lib/all.js";

/** @typedef {{pointer: string, detail: string}} Said */

export function useErrors() {
	const [errors, set] = useState(/** @type {Said[]} */ ([]));
	useEffect(() => {
		if (errors.length) /** @type {HTMLElement | null} */ (document.querySelector("[aria-invalid], [data-invalid]"))?.focus();
	}, [errors]);
	/** Does it, and notes what is said of fields. */
	const noting = (act) => async (...args) => {
		set([]);
		try {
			return await act(...args);
		} catch (problem) {
			set(problem.errors ?? []);
			throw problem;
		}
	};
	const of = (pointer) => errors.filter((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`));
	const say = (pointer) => of(pointer).map((error) => html`<strong dir="auto">${error.detail}</strong> `);
	/** What a field is given for that. */
	const at = (pointer, hint = "") => (of(pointer).length ? { "aria-invalid": "true", hint: html`${say(pointer)}${hint}` } : { hint });
	/** The same of a group of fields. */
	const about = (pointer) => of(pointer).length > 0 && html`<p class="hint" tabindex="-1" data-invalid>${say(pointer)}</p>`;
	return { noting, at, about };
}
