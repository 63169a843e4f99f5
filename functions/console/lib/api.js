// Requests to `/v1`. The page is signed in by a cookie; no key is kept here.

/** An error answer, in the words of its problem document. */
export class Problem extends Error {
	/** @param {number} status @param {any} body @param {Headers} [headers] */
	constructor(status, body, headers) {
		super(body?.detail ?? body?.title ?? `The server answered ${status}.`);
		this.status = status;
		this.title = body?.title ?? "error";
		/** @type {{pointer: string, code: string, detail: string}[]} */
		this.errors = body?.errors ?? [];
		this.request = headers?.get("x-request-id");
		this.body = body;
		/** The state that the request missed. */
		this.etag = headers?.get("etag");
	}
}

/** Told when a request finds that the sign-in is over. */
let onSignedOut = () => {};
/** @param {() => void} listener */
export function whenSignedOut(listener) {
	onSignedOut = listener;
}

/**
 * Sends a request and reads its answer, whose `text` is there too; `same` says that nothing has changed since the state that `if-none-match` names.
 * @param {string} method
 * @param {string} path below `/v1`, beginning with `/`
 * @param {{body?: any, headers?: Record<string, string>, signal?: AbortSignal, quiet?: boolean}} [options]
 */
export async function ask(method, path, { body, headers = {}, signal, quiet = false } = {}) {
	/** @type {Record<string, string>} */
	const sent = { accept: "application/json", "x-requested-with": "switchboard", ...headers };
	if (body !== undefined) sent["content-type"] = "application/json";
	let answer;
	try {
		answer = await fetch(`v1${path}`, {
			method,
			headers: sent,
			body: body === undefined ? undefined : JSON.stringify(body),
			signal,
			credentials: "same-origin",
			redirect: "error",
		});
	} catch (error) {
		if (signal?.aborted) throw error;
		throw new Problem(0, { title: "no answer", detail: "The server cannot be reached. Check the connection." });
	}
	const text = await answer.text();
	const data = read(text);
	if (!answer.ok && answer.status !== 304) {
		if (answer.status === 401 && !quiet) onSignedOut();
		throw new Problem(answer.status, data, answer.headers);
	}
	return { data, text, link: answer.headers.get("link"), etag: answer.headers.get("etag"), same: answer.status === 304 };
}

/** @param {string} text */
function read(text) {
	try {
		return text ? JSON.parse(text) : null;
	} catch {
		return null;
	}
}

/** A value that makes a repeated request one request. */
export function once() {
	return { "idempotency-key": crypto.randomUUID() };
}

/** That a write is about the state that was seen. @param {string | null} etag @returns {Record<string, string>} */
export const ifMatch = (etag) => (etag ? { "if-match": etag } : {});

/** The path of something of a business. @param {string} business @param {string} path */
export function of(business, path) {
	return `/businesses/${encodeURIComponent(business)}${path}`;
}
