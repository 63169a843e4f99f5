import { Empty, duration, html, useEffect, useRef, words } from "../lib/all.js";

/** What was said, each line with its place in milliseconds behind `begin`. */
export const turnsOf = (call, begin) => (call.turns ?? []).map((turn) => ({ ...turn, from: Math.max(0, Date.parse(turn.at) - begin) }));

/** What was said, line by line. Of an interrupted line the unheard part is struck through. */
export function Talk({ turns, closed, live, at, onSeek }) {
	const list = useRef(null);
	const now = at.playing || at.ms ? turns.findLastIndex((turn) => turn.from <= at.ms) : -1;
	const playing = now >= 0 && at.ms <= turns[now].from + turns[now].spoken_ms + 500 ? now : -1;
	useEffect(() => {
		if (at.playing && playing >= 0) list.current?.children[playing]?.scrollIntoView({ block: "nearest" });
	}, [playing, at.playing]);
	if (!turns.length) return html`<${Empty}>${closed ? "Your key reads no conversations." : live ? "Nothing was said yet." : "Nothing was said."}<//>`;
	return html`<ol class="talk" ref=${list} aria-live=${live ? "polite" : "off"}>
		${turns.map((turn, n) => {
			const from = duration(turn.from / 1_000);
			return html`<li key=${n} class=${`${turn.speaker} ${n === playing ? "playing" : ""}`}>
				<div class="who">
					${onSeek ? html`<button class="plain" aria-label=${`Play from ${from}`} onClick=${() => onSeek(turn.from)}>${from}</button>` : html`<span>${from}</span>`}
					<strong>${turn.speaker}</strong>
					${turn.state !== "complete" && html`<span>${words(turn.state)}</span>`}
					${turn.latency_ms !== null && html`<span>after ${turn.latency_ms} ms</span>`}
				</div>
				<${Words} turn=${turn} />
				${(turn.tool_calls ?? []).map(
					(tool) => html`<details>
						<summary>${words(tool.name)}</summary>
						<pre dir="ltr">${tool.arguments}</pre>
						<pre dir="ltr">${tool.output ?? "no answer"}</pre>
					</details>`,
				)}
			</li>`;
		})}
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
