// The business's own words about contacts: the fields that they have, and the statuses of leads in their order.
import { Check, Field, Form, Head, Loaded, Sheet, ask, choices, html, ifMatch, of, to, useLoad, useState } from "../lib/all.js";

const KINDS = ["text", "number", "date", "datetime", "bool", "select", "multiselect", "url"];
const OF_LISTS = ["select", "multiselect"];

/** A key that says what it is of. */
const keyOf = (label) => label.normalize("NFKD").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^[^a-z]+|_$/g, "").slice(0, 40);

export function Setup({ business, may }) {
	const base = of(business, "/contacts");
	return html`<${Head} title="Fields and statuses"><p class="small"><a href=${to(["b", business, "contacts"])}>All contacts</a></p><//>
		<${Document} title="Fields" path=${`${base}/fields`} of=${Fields} may=${may} />
		<${Document} title="Statuses of leads" path=${`${base}/pipeline`} of=${Statuses} may=${may} />`;
}

/** A document that is edited as a whole, with the version that was read. */
function Document({ title, path, of: Part, may }) {
	const found = useLoad(path);
	const [saved, setSaved] = useState(false);
	return html`<${Sheet} title=${title}>
		<${Loaded} of=${found}>${(data) => html`<${Part} key=${found.etag} path=${path} begin=${data} etag=${found.etag} may=${may} reload=${found.reload} onSaved=${setSaved} />`}<//>
		<p role="status">${saved ? "Saved." : ""}</p>
	<//>`;
}

/** Rows that can be changed, put higher, added and taken away, and are saved together. */
function Rows({ path, etag, may, reload, rows, setRows, blank, body, name, children, disabled, besides, onSaved }) {
	const save = async () => {
		await ask("PUT", path, { headers: ifMatch(etag), body: body() });
		onSaved(true);
		await reload();
	};
	const set = (rows) => {
		onSaved(false);
		setRows(rows);
	};
	const up = (n) => () => set(rows.map((row, k) => (k === n - 1 ? rows[n] : k === n ? rows[n - 1] : row)));
	const put = (n) => (more) => set(rows.map((row, k) => (k === n ? { ...row, ...more } : row)));
	if (!may("contacts:write")) return html`<ul>${rows.map((row) => html`<li key=${row.id ?? row.key} dir="auto">${row.label}</li>`)}</ul>`;
	return html`<${Form} label="Save" act=${save} disabled=${disabled} stale=${() => html`<button type="button" onClick=${() => reload()}>Another person has saved it meanwhile: see how it is now</button>`}>
		${rows.map((row, n) => html`<fieldset key=${n}>
			<legend dir="auto">${row.label || `New ${name}`}</legend>
			${children(row, put(n))}
			<div class="row">
				<button type="button" disabled=${n === 0} onClick=${up(n)} aria-label=${`Put ${row.label} higher`}>Higher</button>
				<button type="button" onClick=${() => set(rows.toSpliced(n, 1))} aria-label=${`Take away ${row.label}`}>Take away</button>
			</div>
		</fieldset>`)}
		<p><button type="button" onClick=${() => set([...rows, blank])}>${`Add a ${name}`}</button></p>
		${besides}
	<//>`;
}

function Fields({ begin, ...rest }) {
	const [rows, setRows] = useState(begin.fields.map((field) => ({ ...field, known: true, options: (field.options ?? []).join(", ") })));
	const body = () => ({
		fields: rows.map(({ key, label, kind, options, agent_readable, agent_writable }) => ({ key: key || keyOf(label), label: label.trim(), kind, agent_readable, agent_writable, ...(OF_LISTS.includes(kind) && { options: options.split(",").map((one) => one.trim()).filter(Boolean) }) })),
	});
	const blank = { key: "", label: "", kind: "text", options: "", agent_readable: false, agent_writable: false };
	return html`<${Rows} ...${rest} rows=${rows} setRows=${setRows} blank=${blank} body=${body} name="field">
		${(row, put) => html`<div class="row">
				<${Field} label="Name" value=${row.label} onInput=${(label) => put({ label })} required maxlength=${100} dir="auto" />
				<${Field} label="Key" value=${row.key || keyOf(row.label)} onInput=${(key) => put({ key })} disabled=${row.known} required pattern="[a-z][a-z0-9_]{0,39}" dir="ltr" />
				<${Field} label="Kind" value=${row.kind} onInput=${(kind) => put({ kind })} options=${choices("", KINDS).slice(1)} />
			</div>
			<p></p>
			${OF_LISTS.includes(row.kind) && html`<${Field} label="To choose from" value=${row.options} onInput=${(options) => put({ options })} required hint="With commas between them" dir="auto" />`}
			<${Check} label="The agent is told the value" checked=${row.agent_readable} onChange=${(agent_readable) => put({ agent_readable })} />
			<${Check} label="A call may fill it in" hint="where it is empty, or less certain" checked=${row.agent_writable} onChange=${(agent_writable) => put({ agent_writable })} />`}
	<//>`;
}

function Statuses({ begin, ...rest }) {
	const [rows, setRows] = useState(begin.statuses.map((status) => ({ ...status, known: true })));
	const [instead, setInstead] = useState(/** @type {Record<string, string>} */ ({}));
	const idOf = (row) => row.id || keyOf(row.label);
	// A status that is taken away leaves its leads to another one.
	const gone = begin.statuses.filter(({ id }) => !rows.some((row) => row.id === id));
	const left = rows.map((row) => [idOf(row), row.label]);
	const heir = (id) => (left.some(([one]) => one === instead[id]) ? instead[id] : left[0]?.[0]);
	const body = () => ({
		statuses: rows.map((row) => ({ id: idOf(row), label: row.label.trim(), kind: row.kind })),
		retired: { ...Object.fromEntries(Object.entries(begin.retired ?? {}).map(([id, to]) => [id, gone.some((status) => status.id === to) ? heir(to) : to])), ...Object.fromEntries(gone.map(({ id }) => [id, heir(id)])) },
	});
	const besides = gone.map(({ id, label }) => html`<${Field} key=${id} label=${`In place of ${label}`} value=${heir(id)} onInput=${(to) => setInstead({ ...instead, [id]: to })} options=${left} hint="Its leads have this status from then on" />`);
	return html`<${Rows} ...${rest} rows=${rows} setRows=${setRows} blank=${{ id: "", label: "", kind: "open" }} body=${body} name="status" disabled=${!rows.length} besides=${besides}>
			${(row, put) => html`<div class="row">
				<${Field} label="Name" value=${row.label} onInput=${(label) => put({ label })} required maxlength=${100} dir="auto" />
				<${Field} label="Id" value=${idOf(row)} onInput=${(id) => put({ id })} disabled=${row.known} required pattern="[a-z][a-z0-9_]{0,39}" dir="ltr" />
				<${Field} label="It means" value=${row.kind} onInput=${(kind) => put({ kind })} options=${[["open", "it goes on"], ["won", "won"], ["lost", "lost"]]} />
			</div>
			<p></p>`}
		<//>`;
}
