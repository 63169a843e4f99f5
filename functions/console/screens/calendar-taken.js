import { html, useState } from "../lib/all.js";
import { inZone } from "../lib/zone.js";

/**
 * What happens when a time was taken meanwhile: the free times are asked for anew, and those that the API names are said.
 * @param {string} zone @param {() => void} onTaken
 */
export function useTaken(zone, onTaken) {
	const [round, setRound] = useState(0);
	const [others, setOthers] = useState(/** @type {string[]} */ ([]));
	const when = inZone({ dateStyle: "medium", timeStyle: "short" }, zone);
	const sending = async (/** @type {Promise<any>} */ answer) => {
		try {
			return await answer;
		} catch (problem) {
			if (problem.status === 409) {
				setOthers(problem.body?.alternatives ?? []);
				setRound((round) => round + 1);
				onTaken();
			}
			throw problem;
		}
	};
	const notice = others.length > 0 && html`<p class="notice" role="status">Free near it: ${others.map(when).join("; ")}.</p>`;
	return { round, sending, notice };
}
