import { html, useState } from "../lib/dom.js";
import { ask, of } from "../lib/api.js";
import { useAction, useLoad, usePages } from "../lib/hooks.js";
import { date } from "../lib/format.js";
import { search } from "../lib/route.js";
import { Ask, Empty, Field, Loaded, Pages, Table, Trouble } from "../lib/ui.js";

export function DoNotCall({ business, may }) {
	const path = of(business, "/do-not-call");
	const pages = usePages();
	const list = useLoad(`${path}?${search({ limit: 50, cursor: pages.cursor })}`);
	const [entry, setEntry] = useState({ number: "", reason: "" });
	const { submit, busy, problem } = useAction(async () => {
		await ask("PUT", `${path}/${encodeURIComponent(entry.number.trim())}`, { body: entry.reason ? { reason: entry.reason } : {} });
		setEntry({ number: "", reason: "" });
		await list.reload();
	});
	const columns = [
		{ name: "Number", cell: (row) => html`<bdi>${row.number}</bdi>` },
		{ name: "Since", cell: (row) => date(row.since) },
		{ name: "Reason", cell: (row) => html`<span dir="auto">${row.reason ?? ""}</span>` },
		{ name: "", cell: (row) => may("do_not_call:write") && html`<${Ask} label="Take off" question=${`${row.number} may be called again.`} act=${() => ask("DELETE", `${path}/${encodeURIComponent(row.number)}`)} then=${list.reload} />` },
	];
	return html`<header><h1 tabindex="-1">Do not call</h1></header>
		<p>No call is placed to these numbers, whoever orders it.</p>
		${may("do_not_call:write") &&
		html`<form class="sheet row" onSubmit=${submit} aria-label="Add a number">
			<${Field} label="Number" type="tel" required value=${entry.number} onInput=${(number) => setEntry({ ...entry, number })} placeholder="+12025550187" />
			<${Field} label="Reason" value=${entry.reason} onInput=${(reason) => setEntry({ ...entry, reason })} maxlength="200" />
			<button class="first" disabled=${busy}>Add</button>
		</form>`}
		<${Trouble} of=${problem} />
		<${Loaded} of=${list}>
			${(data) => html`${data.numbers.length === 0
					? html`<${Empty}>The list is empty.<//>`
					: html`<div class="sheet"><${Table} caption="Numbers that are not called" columns=${columns} rows=${data.numbers} id=${(row) => row.number} /></div>`}
				<${Pages} of=${pages} next=${data.next} />`}
		<//>`;
}
