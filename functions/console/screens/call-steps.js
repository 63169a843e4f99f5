import { Table, count, duration, html } from "../lib/all.js";

/** What is known of the way to an answer, in milliseconds from the end of the caller's speech. */
const stepsOf = ({ steps, latency_ms }) => ({ words_ms: null, begun_ms: null, heard_ms: null, ...steps, latency_ms });

/** How every answer of the agent came about, step by step. */
export function Steps({ turns }) {
	const answers = turns.filter((turn) => turn.latency_ms !== null);
	if (!answers.length) return null;
	const longest = Math.max(100, ...answers.flatMap((turn) => Object.values(stepsOf(turn))));
	const bar = (name, from, to) => to > from && html`<rect class=${name} x=${from} width=${to - from} y="2" height="8"></rect>`;
	const picture = (turn) => {
		const { words_ms, begun_ms, latency_ms, heard_ms } = stepsOf(turn);
		return html`<svg class="steps" viewBox=${`0 0 ${longest} 12`} preserveAspectRatio="none" aria-hidden="true">
			${bar("model", 0, begun_ms)} ${bar("audio", begun_ms ?? 0, latency_ms)} ${bar("line", latency_ms, heard_ms)}
			${words_ms !== null && html`<line x1=${words_ms} x2=${words_ms} y1="0" y2="12"></line>`}
		</svg>`;
	};
	const ms = (name) => (turn) => {
		const after = stepsOf(turn)[name];
		return after === null ? "–" : count(after);
	};
	const columns = {
		At: (turn) => duration(turn.from / 1_000),
		Way: picture,
		Begun: ms("begun_ms"),
		Audio: ms("latency_ms"),
		Heard: ms("heard_ms"),
		Words: ms("words_ms"),
	};
	return html`<div>
		<h2>Until the agent answered</h2>
		<${Table} caption="How each answer came about" columns=${columns} rows=${answers} id=${(turn) => answers.indexOf(turn)} numbers=${["Begun", "Audio", "Heard", "Words"]} />
		<p class="small">Milliseconds from the end of the caller’s speech: grey until the model began, blue until its first audio, green until the caller heard it. The line marks when the caller’s words were known.</p>
	</div>`;
}
