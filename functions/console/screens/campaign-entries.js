// The people of a campaign: how far each is and why, and the calls to them.
import { List, dateTime, duration, html, search, text, to, useEffect, useLoad, usePages, useRef } from "../lib/all.js";
import { Standing, outcome } from "./campaign-words.js";

export function Entries({ path, business, progress }) {
	const pages = usePages();
	const list = useLoad(`${path}/entries?${search({ limit: 50, cursor: pages.cursor })}`);
	const sums = JSON.stringify([progress.entries, progress.outcomes]);
	const seen = useRef(sums);
	useEffect(() => {
		// Sums are those of the people: as long as they stay, so do these.
		if (seen.current !== sums) list.reload();
		seen.current = sums;
	}, [sums]);
	const columns = {
		Person: (one) => html`${one.name && html`${text(one.name)}<br />`}${one.to ? html`<bdi>${one.to}</bdi>` : "erased"}${said(one)}`,
		State: (one) => html`<${Standing} of=${one} />`,
		"Looked at next": (one) => dateTime(one.next_at),
		Calls: (one) => html`<ol>${one.attempts.map((call, n) => html`<li key=${n}>${attempt(call, business)}</li>`)}</ol>`,
	};
	return html`<h2>People</h2>
		<${List} of=${list} name="entries" caption="People of the campaign" columns=${columns} id=${(one) => one.number} pages=${pages} empty="Nobody yet: the file is being taken over." />`;
}

/** What the file says of a person. */
function said(one) {
	const pairs = [["time zone", one.time_zone], ["language", one.language], ["consent", one.consent], ...Object.entries(one.variables ?? {})].filter(([, value]) => value);
	return pairs.length > 0 && html`<details><summary class="small">From the file</summary>${pairs.map(([name, value]) => html`<div key=${name}>${text(name)}: ${text(value)}</div>`)}</details>`;
}

function attempt({ at, call, outcome: came, seconds, call_back_at: promised }, business) {
	const when = dateTime(at);
	return html`${call ? html`<a href=${to(["b", business, "calls", call])}>${when}</a>` : when}: ${came ? `${outcome(came)}${promised ? ` (${dateTime(promised)})` : ""}${seconds ? `, ${duration(seconds)}` : ""}` : call ? "goes on" : "is being dialled"}`;
}
