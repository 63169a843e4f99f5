import { Badge, Field, Filters, Head, List, Trouble, ask, html, of, save, search, text, time, useAction, useLoad, usePages, useState } from "../lib/all.js";

/** What was asked of the API on a day. */
export function Audit({ business }) {
	const [day, setDay] = useState("");
	const [wanted, setWanted] = useState("");
	const path = business ? of(business, "/audit") : "/audit";
	const pages = usePages(day);
	const page = (day, cursor) => `${path}?${search({ limit: 100, day, cursor })}`;
	const audit = useLoad(page(day, pages.cursor));
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
	const columns = {
		Time: (entry) => time(entry.at),
		Key: (entry) => html`${text(entry.name ?? "")} <code>${entry.key}</code>`,
		Request: (entry) => html`<code>${entry.method} ${entry.path}</code>`,
		Scope: (entry) => entry.scope,
		From: (entry) => entry.source ?? "–",
		Answer: (entry) => html`<${Badge} tone=${entry.status === null ? "busy" : entry.status < 400 ? "good" : "bad"}>${entry.status ?? "unknown"}<//>`,
	};
	const fits = (entry) => !wanted || [entry.key, entry.name, entry.path, entry.method, entry.scope, entry.source].some((text) => text?.toLowerCase().includes(wanted.toLowerCase()));
	return html`<${Head} title=${business ? "Audit" : "Operators' audit"} />
		<p>Every change, and every reading of what people said, of recordings and of keys. Days are in UTC.</p>
		<${Filters}>
			<${Field} label="Day" type="date" value=${day || audit.data?.day || ""} onInput=${setDay} />
			<${Field} label="Shown requests that contain" type="search" value=${wanted} onInput=${setWanted} placeholder="key, path or address" />
			<button disabled=${!audit.data || busy} onClick=${exported}>Export the day</button>
		<//>
		<${Trouble} of=${problem} />
		<${List} of=${audit} name="entries" fits=${fits} caption="Requests" columns=${columns} id=${(entry) => entry.at + entry.request} numbers=${["Time", "Answer"]} pages=${pages} empty="Nothing was asked." />`;
}
