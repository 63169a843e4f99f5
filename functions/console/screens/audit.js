import { html, useState } from "../lib/dom.js";
import { ask, of } from "../lib/api.js";
import { useAction, useLoad, usePages } from "../lib/hooks.js";
import { time } from "../lib/format.js";
import { search } from "../lib/route.js";
import { save } from "../lib/save.js";
import { Badge, Empty, Field, Loaded, Pages, Table, Trouble } from "../lib/ui.js";

/** What was asked of the API on a day. */
export function Audit({ business }) {
	const [day, setDay] = useState("");
	const [wanted, setWanted] = useState("");
	const path = business ? of(business, "/audit") : "/audit";
	const pages = usePages();
	const page = (day, cursor) => `${path}?${search({ limit: 100, day, cursor })}`;
	const audit = useLoad(page(day, pages.cursor));
	const choose = (day) => {
		pages.restart();
		setDay(day);
	};
	const { run: exported, busy, problem } = useAction(async () => {
		const { day } = audit.data;
		const entries = [];
		for (let next = ""; next !== null; ) {
			const { data } = await ask("GET", page(day, next));
			entries.push(...data.entries);
			next = data.next ?? null;
		}
		save(`audit-${day}.json`, "application/json", JSON.stringify({ day, entries }, null, 2));
	});
	const columns = [
		{ name: "Time", cell: (entry) => time(entry.at) },
		{ name: "Key", cell: (entry) => html`<code>${entry.key}</code>` },
		{ name: "Request", cell: (entry) => html`<code>${entry.method} ${entry.path}</code>` },
		{ name: "Scope", cell: (entry) => entry.scope },
		{ name: "From", cell: (entry) => entry.source ?? "–" },
		{ name: "Answer", number: true, cell: (entry) => html`<${Badge} tone=${entry.status === null ? "busy" : entry.status < 400 ? "good" : "bad"}>${entry.status ?? "unknown"}<//>` },
	];
	const fits = (entry) => !wanted || [entry.key, entry.path, entry.method, entry.scope, entry.source].some((text) => text?.toLowerCase().includes(wanted.toLowerCase()));
	return html`<header><h1 tabindex="-1">${business ? "Audit" : "Operators' audit"}</h1></header>
		<p>Every change, and every reading of what people said, of recordings and of keys. Days are in UTC.</p>
		<div class="sheet row" role="search">
			<${Field} label="Day" type="date" value=${day || audit.data?.day || ""} onInput=${choose} />
			<${Field} label="Shown requests that contain" type="search" value=${wanted} onInput=${setWanted} placeholder="key, path or address" />
			<button disabled=${!audit.data || busy} onClick=${exported}>Export the day</button>
		</div>
		<${Trouble} of=${problem} />
		<${Loaded} of=${audit}>
			${(data) => {
				const entries = data.entries.filter(fits);
				return html`${entries.length === 0
						? html`<${Empty}>Nothing was asked.<//>`
						: html`<div class="sheet"><${Table} caption="Requests" columns=${columns} rows=${entries} id=${(entry) => entry.at + entry.request} /></div>`}
					<${Pages} of=${pages} next=${data.next} />`;
			}}
		<//>`;
}
