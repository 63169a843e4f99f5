import { Empty, Head, Loaded, State, html, of, to, useLoad } from "../lib/all.js";
import { Running, party } from "./calls.js";
import { Listen, isHeard } from "./call-listen.js";

/** The calls that go on, as cards. One request a second tells of all of them. */
export function Live({ business, may }) {
	const calls = useLoad(of(business, `/calls?status=live&limit=50${may("transcripts:read") ? "&include=last_turn" : ""}`), 1_000);
	return html`<${Head} title="Live" />
		<${Loaded} of=${calls}>
			${({ calls: all, next }) =>
				all.length === 0
					? html`<${Empty}>No call is going on.<//>`
					: html`<p role="status">${all.length === 1 ? "One call is" : `${all.length} calls are`} going on.</p>
							<div class="cards">${all.map((call) => html`<${Card} key=${call.sid} call=${call} business=${business} may=${may} reload=${calls.reload} />`)}</div>
							${next && html`<p class="small">The newest ${all.length} are shown.</p>`}`}
		<//>`;
}

function Card({ call, business, may, reload }) {
	const last = call.last_turn;
	return html`<article class="sheet">
		<h2><a href=${to(["b", business, "calls", call.sid])}><bdi>${party(call)}</bdi></a></h2>
		<p><${State} of=${call.status} /> ${call.direction}, <${Running} call=${call} /></p>
		<p dir="auto">${last ? html`<strong>${last.speaker}:</strong> ${last.text}` : last === null ? "Nothing was said yet." : ""}</p>
		${isHeard(call, may) && html`<${Listen} path=${of(business, `/calls/${call.sid}`)} onSaid=${reload} />`}
	</article>`;
}
