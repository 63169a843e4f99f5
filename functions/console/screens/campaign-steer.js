// What can be done with a campaign that was started. What cannot be undone is asked for twice.
import { Ask, Form, FormDialog, Opens, Trouble, ask, count, html, ifMatch, save, search, to, useAction, useFields, useState } from "../lib/all.js";
import { useErrors } from "./campaign-errors.js";
import { OVER } from "./campaign-words.js";

/** Does what is about the state that was seen. If that is another one by now, it is read. */
async function orRead(act, reload) {
	try {
		return await act();
	} catch (problem) {
		if (problem.status === 412) await reload();
		throw problem;
	}
}

export function Steer({ path, campaign, etag, reload, business, may }) {
	const { state, id } = campaign;
	const mayWrite = may("campaigns:write");
	const step = (name, body, headers) => async () => {
		await orRead(() => ask("POST", `${path}/${name}`, { body, headers }), reload);
		await reload();
	};
	const goes = ["loading", "running", "paused"].includes(state);
	return html`<div class="row">
		${mayWrite && html`
			${state === "running" && html`<${Form} tone="first" label="Pause" act=${step("pause")} />`}
			${state === "paused" && html`<${Form} tone="first" label="Resume" act=${step("resume", undefined, ifMatch(etag))} stale=${() => "It has changed meanwhile: look at it as it is now."} />`}
			${!OVER.includes(state) && html`<${Opens} label="Change" dialog=${Change} path=${path} begin=${campaign} etag=${etag} then=${reload} />`}
			${goes && html`<${Ask} label="Stop" question="No call begins any more, and those who were not called are not called. Calls that go on end by themselves. This cannot be undone." act=${step("stop")} />`}
			${(goes || state === "stopping") && html`<${Ask} label="Stop with a goodbye" question="No call begins any more. The agent says goodbye in calls that go on and ends them, and those that ring are given up. This cannot be undone." act=${step("stop", { hangup: true })} />`}
			<a class="button" href=${to(["b", business, "campaigns", "new"], { like: id })}>Make another like it</a>`}
		<${Export} path=${path} name=${`campaign-${id}.csv`} />
	</div>`;
}

/** What can be changed of a campaign on its way: what was seen when the dialog opened, however often it is read behind it. */
function Change({ path, begin, etag, ...dialog }) {
	const [seen] = useState(etag);
	const { budget } = begin;
	const blank = (value) => (value === null ? "" : String(value));
	const { values, field } = useFields({ name: begin.name, at_once: blank(begin.at_once), usd: budget.micros === null ? "" : blank(budget.micros / 1e6), minutes: blank(budget.minutes) });
	const { noting, at } = useErrors();
	const change = noting(async () => {
		const { name, at_once, usd, minutes } = values;
		const body = { name, at_once: Number(at_once), budget: { micros: usd ? Math.round(Number(usd) * 1e6) : null, minutes: minutes ? Number(minutes) : null } };
		await orRead(() => ask("PATCH", path, { headers: ifMatch(seen), body }), dialog.then);
	});
	return html`<${FormDialog} ...${dialog} title="Change the campaign" label="Change it" act=${change} stale=${() => "Close this, and do it as it is now."}>
		${field("name", "Name", { required: true, maxlength: 100, dir: "auto", ...at("/name") })}
		${field("at_once", "Calls at once, at most", { type: "number", min: 1, max: 100, required: true, ...at("/at_once") })}
		<div class="row">
			${field("usd", "Dollars that it may come to", { type: "number", min: 0, step: "any", ...at("/budget/micros", "Empty: no cap") })}
			${field("minutes", "Minutes that it may come to", { type: "number", min: 1, ...at("/budget/minutes", "Empty: no cap") })}
		</div>
		<p class="hint">With a higher budget it goes on once it is resumed.</p>
	<//>`;
}

/** All its people as one file, which the API gives a page at a time. */
function Export({ path, name }) {
	const [pages, setPages] = useState(0);
	const { run, busy, problem } = useAction(async () => {
		const parts = [];
		for (let next = /** @type {string | null} */ (""); next !== null; ) {
			setPages(parts.length);
			const { text, link } = await ask("GET", `${path}/entries.csv?${search({ cursor: next })}`);
			parts.push(text);
			const address = link?.match(/<([^>]*)>/)?.[1];
			next = address ? new URL(address, location.href).searchParams.get("cursor") : null;
		}
		save(name, "text/csv;charset=utf-8", parts.join(""));
	});
	return html`<button type="button" disabled=${busy} onClick=${() => run()}>Export as CSV</button>
		<span role="status">${busy ? `It is being fetched: ${count(pages * 1_000)} people so far.` : ""}</span>
		<${Trouble} of=${problem} />`;
}
