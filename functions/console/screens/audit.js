import { html, useState } from "../lib/dom.js";
import { of } from "../lib/api.js";
import { useLoad } from "../lib/hooks.js";
import { time } from "../lib/format.js";
import { save } from "../lib/save.js";
import { Badge, Empty, Field, Loaded, Table } from "../lib/ui.js";

/** What was asked of the API on a day. */
export function Audit({ business }) {
	const [day, setDay] = useState("");
	const [wanted, setWanted] = useState("");
	const path = business ? of(business, "/audit") : "/audit";
	const audit = useLoad(`${path}${day ? `?day=${day}` : ""}`);
	const exported = () => save(`audit-${audit.data.day}.json`, "application/json", JSON.stringify(audit.data, null, 2));
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
			<${Field} label="Day" type="date" value=${day || audit.data?.day || ""} onInput=${setDay} />
			<${Field} label="Contains" type="search" value=${wanted} onInput=${setWanted} placeholder="key, path or address" />
			<button disabled=${!audit.data} onClick=${exported}>Export the day</button>
		</div>
		<${Loaded} of=${audit}>
			${(data) => {
				const entries = data.entries.filter(fits).reverse();
				return entries.length === 0
					? html`<${Empty}>Nothing was asked.<//>`
					: html`<div class="sheet"><${Table} caption="Requests" columns=${columns} rows=${entries} id=${(entry) => entry.at + entry.request} /></div>`;
			}}
		<//>`;
}
