// Where the page is: all of it stands behind the `#`, so that links and the back button work and nothing of it reaches
// a log of the server.

export function here() {
	const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
	return { parts: (path ?? "").split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query ?? "") };
}

/** A query without the values that are empty. @param {Record<string, any>} query */
export const search = (query) => new URLSearchParams(Object.entries(query).filter(([, value]) => value || value === 0)).toString();

/** The address of a place in the console. @param {(string | number)[]} parts @param {Record<string, any>} [query] */
export function to(parts, query = {}) {
	const asked = search(query);
	return `#/${parts.map((part) => encodeURIComponent(part)).join("/")}${asked ? `?${asked}` : ""}`;
}

/** @param {string} address @param {boolean} [replace] leaves no entry in the history */
export function go(address, replace = false) {
	if (replace) location.replace(address);
	else location.hash = address;
}
