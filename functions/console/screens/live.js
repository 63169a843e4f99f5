import { CallState, Empty, Head, Loaded, duration, html, of, to, useLoad, useNow } from "../lib/all.js";
import { party } from "./calls.js";
import { Listen, isHeard } from "./call-listen.js";

/** How many calls are looked into at one time. */
const SHOWN = 12;
/** Milliseconds between two looks at each, for every call that is shown: what a key may ask for in a minute is bounded. */
const APART = 170;

/** The calls that go on, as cards. */
export function Live({ business, may }) {
	const calls = useLoad(of(business, "/calls?status=live&limit=100"), 2_000);
	return html`<${Head} title="Live" />
		<${Loaded} of=${calls}>
			${(page) =>
				page.calls.length === 0
					? html`<${Empty}>No call is going on.<//>`
					: html`<p role="status">${page.calls.length === 1 ? "One call is" : `${page.calls.length} calls are`} going on.</p>
							<div class="cards">${page.calls.slice(0, SHOWN).map((call) => html`<${Card} key=${call.sid} call=${call} business=${business} may=${may} every=${Math.max(1_000, APART * Math.min(SHOWN, page.calls.length))} />`)}</div>
							${page.calls.length > SHOWN && html`<p class="small">The newest ${SHOWN} are shown.</p>`}`}
		<//>`;
}

function Card({ call, business, may, every }) {
	const record = useLoad(may("transcripts:read") ? of(business, `/calls/${call.sid}?include=turns`) : null, every);
	const now = useNow();
	const last = record.data?.turns?.at(-1);
	return html`<article class="sheet">
		<h2><a href=${to(["b", business, "calls", call.sid])}><bdi>${party(call)}</bdi></a></h2>
		<p><${CallState} status=${call.status} /> ${call.direction}, ${duration((now - Date.parse(call.answered_at ?? call.opened_at)) / 1_000)}</p>
		<p dir="auto">${last ? html`<strong>${last.speaker}:</strong> ${last.text}` : "Nothing was said yet."}</p>
		${isHeard(call, may) && html`<${Listen} path=${of(business, `/calls/${call.sid}`)} onSaid=${record.reload} />`}
	</article>`;
}
