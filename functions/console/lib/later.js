// Modules that are loaded once something of them is shown.
import { html, useEffect, useState } from "./dom.js";
import { Trouble } from "./ui.js";

/** @param {string} part a module of `screens` and what it exports by which name; it is loaded once, when it is first wanted */
export async function loaded(part) {
	const [module, name] = part.split(" ");
	return (await import(`../screens/${module}.js`))[name];
}

/** A part when its module is there. @param {string | undefined} part */
export function useModule(part) {
	const [state, setState] = useState({ of: "", Part: /** @type {any} */ (null), problem: /** @type {any} */ (null) });
	useEffect(() => {
		// A module that comes late is not shown in place of one that was wanted since.
		let isWanted = true;
		const show = (Part, problem) => isWanted && part && setState({ of: part, Part, problem });
		if (part) loaded(part).then((Part) => show(Part, null), (problem) => show(null, problem));
		return () => {
			isWanted = false;
		};
	}, [part]);
	return state.of === part ? state : { Part: null, problem: null };
}

/** A module could not be loaded. */
export const NotLoaded = () => html`<${Trouble} of=${{ title: "not loaded", message: "The console has changed, or cannot be reached. Load the page again." }} again=${() => location.reload()} />`;

/** A component whose module is loaded when it is first drawn, so that a screen is there before all that can be done on it. */
export const later = (/** @type {string} */ part) => (props) => {
	const { Part, problem } = useModule(part);
	return Part ? html`<${Part} ...${props} />` : problem && html`<${NotLoaded} />`;
};
