import { Empty, duration, html, useEffect, useRef, words } from "../lib/all.js";

/** What happened between two sessions of a call, by the end of the earlier one; otherwise its line was lost. */
const BETWEEN = {
	drained: "Another server took the call over",
	transfer: "The transfer was not answered, and the agent took the call up again",
};
const LOST = "The line was lost and taken up again";
const REPLACED = "The model’s connection was replaced";

/**
 * What was said, each line with its place in milliseconds behind `begin`, and in front of it what happened to the line or to
 * the model since the line before. The last one may be of what happened alone.
 */
export function linesOf({ turns, sessions = [] }, begin) {
	const place = (at, otherwise = 0) => (at ? Math.max(0, Date.parse(at) - begin) : otherwise);
	const between = (epoch) => BETWEEN[sessions.find((one) => one.epoch === epoch - 1)?.end_reason] ?? LOST;
	const lines = (turns ?? []).map((turn, n) => {
		const before = turns[n - 1] ?? { epoch: 1, model_since: turn.model_since };
		const what = turn.epoch > before.epoch ? between(turn.epoch) : before.model_since && turn.model_since !== before.model_since && REPLACED;
		const from = place(turn.at);
		return { ...turn, from, before: what && { what, from: place(turn.model_since, from) } };
	});
	const last = sessions.at(-1);
	const silent = turns && last?.epoch > (turns.at(-1)?.epoch ?? 1);
	return { lines, after: silent && { what: between(last.epoch), from: place(last.began_at) } };
}

const Between = ({ of: { what, from } }) => html`<li class="between">${what} at <bdi>${duration(from / 1_000)}</bdi>.</li>`;

/** What was said, line by line. Of an interrupted line the unheard part is struck through. */
export function Talk({ of: { lines, after }, closed, live, at = { ms: 0, playing: false }, onSeek }) {
	const list = useRef(null);
	const now = at.playing || at.ms ? lines.findLastIndex((line) => line.from <= at.ms) : -1;
	const playing = now >= 0 && at.ms <= lines[now].from + lines[now].spoken_ms + 500 ? now : -1;
	useEffect(() => {
		if (at.playing && playing >= 0) list.current?.querySelector(".playing")?.scrollIntoView({ block: "nearest" });
	}, [playing, at.playing]);
	if (!lines.length && !after) return html`<${Empty}>${closed ? "Your key reads no conversations." : live ? "Nothing was said yet." : "Nothing was said."}<//>`;
	return html`<ol class="talk" ref=${list} aria-live=${live ? "polite" : "off"}>
		${lines.map((line, n) => {
			const from = duration(line.from / 1_000);
			return html`${line.before && html`<${Between} of=${line.before} />`}
				<li class=${`${line.speaker} ${n === playing ? "playing" : ""}`}>
					<div class="who">
						${onSeek ? html`<button class="plain" aria-label=${`Play from ${from}`} onClick=${() => onSeek(line.from)}>${from}</button>` : html`<span>${from}</span>`}
						<strong>${line.speaker}</strong>
						${line.state !== "complete" && html`<span>${words(line.state)}</span>`}
						${line.latency_ms !== null && html`<span>after ${line.latency_ms} ms</span>`}
					</div>
					<${Words} turn=${line} />
					${(line.tool_calls ?? []).map(
						(tool) => html`<details>
							<summary>${words(tool.name)}</summary>
							<pre dir="ltr">${tool.arguments}</pre>
							<pre dir="ltr">${tool.output ?? "no answer"}</pre>
						</details>`,
					)}
				</li>`;
		})}
		${after && html`<${Between} of=${after} />`}
	</ol>`;
}

function Words({ turn }) {
	const cut = turn.speaker === "agent" && turn.state === "interrupted" && turn.spoken_ms > turn.heard_ms;
	if (!cut) return html`<div dir="auto">${turn.text}</div>`;
	// Speech runs evenly enough to tell the words that were heard by their share of the time.
	const share = turn.heard_ms / turn.spoken_ms;
	const end = turn.text.lastIndexOf(" ", Math.ceil(turn.text.length * share)) + 1;
	return html`<div dir="auto">${turn.text.slice(0, end)}<s title="not heard">${turn.text.slice(end)}</s></div>`;
}
