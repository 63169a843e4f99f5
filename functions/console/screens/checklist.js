// What is still to be done before calls are answered as they should be. It is found as `switchboard doctor` finds it: the
// business's part by its settings and numbers, the operators' by the deployment's look at itself.
import { Sheet, State, ask, html, of, to, useEffect, useState } from "../lib/all.js";

/** How many numbers are looked up at Twilio. */
const NUMBERS = 5;
/** How long a check is good for, ms: a number is asked about at Twilio, and the deployment's check pays for words of a model. */
const GOOD_FOR = 60_000;

/** Checks by who made them and of what. */
const checks = new Map();

/** @param {{key: string}} who @param {string} path */
function checked(who, path) {
	const of = `${who.key} ${path}`;
	if (!(checks.get(of)?.until > Date.now())) checks.set(of, { until: Date.now() + GOOD_FOR, answer: ask("GET", path) });
	return checks.get(of).answer;
}

/** What is to be done: what, why, where, and how bad it is. */
async function found({ business, who, may }) {
	const step = (place, title, detail, state = "to do") => ({ at: to(place), title, detail, state });
	const [settings, numbers] = ["settings", "numbers"].map((screen) => ["b", business, screen]);
	const looks = {
		"settings:read": async () => {
			try {
				await ask("GET", of(business, "/settings"));
				return [];
			} catch (problem) {
				if (problem.status !== 404) throw problem;
				return [step(settings, "Publish the settings", "Until then the agent answers no call.")];
			}
		},
		"numbers:read": async () => {
			const all = (await ask("GET", of(business, "/numbers"))).data.numbers;
			if (!all.length) return [step(numbers, "Add a number", "Its calls are answered from then on.")];
			const looked = all.slice(0, NUMBERS).map(async ({ number }) => {
				const { data } = await checked(who, of(business, `/numbers/${encodeURIComponent(number)}/check`));
				if (data.ok) return [];
				return data.at_twilio
					? step(numbers, `Set ${number} up at Twilio`, "Twilio does not send all of its calls here.", "fault")
					: step(numbers, `Get ${number} at Twilio, or release it`, "The Twilio account does not have it.", "fault");
			});
			return (await Promise.all(looked)).flat();
		},
		"deployment:read": async () => {
			const { data } = await checked(who, "/health/deep");
			return data.checks.filter(({ state }) => ["fault", "warning"].includes(state)).map(({ name, state, detail }) => step(["d", "health"], name, detail, state));
		},
	};
	const asked = Object.entries(looks).filter(([scope]) => may(scope));
	const parts = await Promise.allSettled(asked.map(([, look]) => look()));
	return parts.flatMap((part) => (part.status === "fulfilled" ? part.value : [step(["b", business, "overview"], "Check again", part.reason.message, "not_proven")]));
}

/** `calls` are the latest ones. It is not there when all is well. */
export function Checklist({ business, who, may, calls }) {
	const [steps, setSteps] = useState(/** @type {any[]} */ ([]));
	const look = () => found({ business, who, may }).then(setSteps);
	useEffect(() => {
		look();
	}, [business]);
	const first = calls?.length === 0 ? [{ at: to(["b", business, "live"]), title: "Take the first call", detail: "Call a number of the business, or talk to the agent here.", state: "to do" }] : [];
	const all = [...steps, ...first];
	if (!all.length) return null;
	const again = () => {
		checks.clear();
		look();
	};
	return html`<${Sheet} title="To do">
		<ol>
			${all.map(({ at, title, detail, state }) => html`<li><a href=${at}>${title}</a> <${State} of=${state} /><p class="small" dir="auto">${detail}</p></li>`)}
		</ol>
		<button onClick=${again}>Check again</button>
	<//>`;
}
