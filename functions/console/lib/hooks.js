import { useCallback, useEffect, useRef, useState } from "./dom.js";
import { ask } from "./api.js";
import { here } from "./route.js";

/** Where the page is; the component is drawn again when that changes. */
export function useRoute() {
	const [route, setRoute] = useState(here);
	useEffect(() => {
		const moved = () => setRoute(here());
		addEventListener("hashchange", moved);
		return () => removeEventListener("hashchange", moved);
	}, []);
	return route;
}

/**
 * Loads a resource, and again every `every` milliseconds while the page is seen.
 * @param {string | null} path below `/v1`; null loads nothing
 * @param {{every?: number}} [options]
 * @returns {{data: any, etag: string | null, problem: any, loading: boolean, reload: () => Promise<void>}}
 */
export function useLoad(path, { every = 0 } = {}) {
	/** @type {{path: string | null, data: any, etag: string | null, problem: any}} */
	const empty = { path: null, data: null, etag: null, problem: null };
	const [state, setState] = useState(empty);
	const latest = useRef(path);
	latest.current = path;
	/** @param {AbortSignal} [signal] */
	const fetched = async (signal) => {
		if (!path) return;
		try {
			const { data, etag } = await ask("GET", path, { signal });
			if (latest.current === path) setState({ path, data, etag, problem: null });
		} catch (problem) {
			// What was loaded stays on the screen beside the problem.
			if (!signal?.aborted && latest.current === path) {
				setState((state) => ({ ...(state.path === path ? state : empty), path, problem }));
			}
		}
	};
	const load = useCallback(fetched, [path]);
	useEffect(() => {
		const abort = new AbortController();
		load(abort.signal);
		if (!every) return () => abort.abort();
		let timer = setTimeout(again, every);
		async function again() {
			if (document.visibilityState === "visible") await load(abort.signal);
			if (!abort.signal.aborted) timer = setTimeout(again, every);
		}
		return () => {
			abort.abort();
			clearTimeout(timer);
		};
	}, [load, every]);
	const current = state.path === path ? state : empty;
	const loading = path !== null && current.data === null && current.problem === null;
	return { data: current.data, etag: current.etag, problem: current.problem, loading, reload: () => load() };
}

/**
 * Something that a button does: whether it is under way, and what went wrong.
 * @param {(...args: any[]) => Promise<any>} act
 * @returns {{run: (...args: any[]) => Promise<any>, submit: (event: any) => void, busy: boolean, problem: any}} `submit` is for forms
 */
export function useAction(act) {
	const [state, setState] = useState({ busy: false, problem: /** @type {any} */ (null) });
	const running = useRef(false);
	const run = async (...args) => {
		if (running.current) return undefined;
		running.current = true;
		setState({ busy: true, problem: null });
		try {
			const result = await act(...args);
			setState({ busy: false, problem: null });
			return result;
		} catch (problem) {
			setState({ busy: false, problem });
			return undefined;
		} finally {
			running.current = false;
		}
	};
	const submit = (event) => {
		event.preventDefault();
		run();
	};
	return { run, submit, ...state };
}

/** Which page of a list is shown: `cursor` is what the API gave for it. */
export function usePages() {
	const [cursors, setCursors] = useState([""]);
	return {
		cursor: cursors.at(-1),
		isFirst: cursors.length === 1,
		back: () => setCursors(cursors.slice(0, -1)),
		further: (next) => setCursors([...cursors, next]),
		restart: () => setCursors([""]),
	};
}

/** The time, anew every second while `running`. @param {boolean} running */
export function useNow(running) {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		if (!running) return undefined;
		const timer = setInterval(() => setNow(Date.now()), 1_000);
		return () => clearInterval(timer);
	}, [running]);
	return now;
}
