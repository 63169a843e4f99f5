import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "./dom.js";
import { ask } from "./api.js";
import { here } from "./route.js";

/** Where the page is; the component is drawn again when that changes. */
export function useRoute() {
	const [route, setRoute] = useState(here);
	// With the drawing itself: the page may move again before an effect that waits for the screen.
	useLayoutEffect(() => {
		const moved = () => setRoute(here());
		addEventListener("hashchange", moved);
		return () => removeEventListener("hashchange", moved);
	}, []);
	return route;
}

/** What could not be loaded is asked for again after this long at the soonest, ms. */
const AFTER_PROBLEM = 5_000;

/**
 * Loads a resource, and again every `every` milliseconds while the page is seen. What has not changed since is neither sent
 * nor drawn again.
 * @param {string | null} path below `/v1`; null loads nothing
 */
export function useLoad(path, every = 0) {
	const empty = { path: /** @type {string | null} */ (null), data: /** @type {any} */ (null), etag: /** @type {string | null} */ (null), problem: /** @type {any} */ (null) };
	const [state, setState] = useState(empty);
	const latest = useRef(state);
	latest.current = state.path === path ? state : { ...empty, path };
	const fetched = async (signal) => {
		if (!path) return;
		const known = latest.current;
		let found;
		try {
			const { data, etag, same } = await ask("GET", path, { signal, headers: known.etag ? { "if-none-match": known.etag } : {} });
			found = same ? { ...known, problem: null } : { path, data, etag, problem: null };
			if (same && !known.problem) return;
		} catch (problem) {
			if (signal?.aborted) return;
			// What was loaded stays on the screen beside the problem.
			found = { ...known, problem };
		}
		if (latest.current.path === path) setState((latest.current = found));
	};
	const load = useCallback(fetched, [path]);
	useEffect(() => {
		const abort = new AbortController();
		load(abort.signal);
		if (!every) return () => abort.abort();
		let timer = setTimeout(again, every);
		async function again() {
			if (document.visibilityState === "visible") await load(abort.signal);
			if (!abort.signal.aborted) timer = setTimeout(again, latest.current.problem ? Math.max(every, AFTER_PROBLEM) : every);
		}
		return () => {
			abort.abort();
			clearTimeout(timer);
		};
	}, [load, every]);
	const { data, etag, problem } = latest.current;
	return { data, etag, problem, loading: path !== null && data === null && problem === null, reload: () => load() };
}

/** Something that a button does: whether it is under way, and what went wrong. @param {(...args: any[]) => Promise<any>} act */
export function useAction(act) {
	const [state, setState] = useState({ busy: false, problem: /** @type {any} */ (null) });
	const running = useRef(false);
	const run = async (...args) => {
		if (running.current) return;
		running.current = true;
		setState({ busy: true, problem: null });
		try {
			const result = await act(...args);
			setState({ busy: false, problem: null });
			return result;
		} catch (problem) {
			setState({ busy: false, problem });
		} finally {
			running.current = false;
		}
	};
	return { run, ...state };
}

/** Which page of a list is shown: `cursor` is what the API gave for it. The list begins anew when other things are `asked`. */
export function usePages(asked = "") {
	const [kept, keep] = useState({ asked, cursors: [""] });
	const cursors = kept.asked === asked ? kept.cursors : [""];
	const show = (cursors) => keep({ asked, cursors });
	return {
		cursor: cursors.at(-1),
		isFirst: cursors.length === 1,
		back: () => show(cursors.slice(0, -1)),
		further: (next) => show([...cursors, next]),
	};
}

/** The time, anew every second. */
export function useNow() {
	const [now, setNow] = useState(Date.now);
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), 1_000);
		return () => clearInterval(timer);
	}, []);
	return now;
}
