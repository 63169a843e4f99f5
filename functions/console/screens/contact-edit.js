// What is known of a contact is edited. Where another person has changed the same meanwhile, both values are laid side by side.
import { Check, Field, FormDialog, ask, html, ifMatch, text, useState } from "../lib/all.js";
import { HANDLES, POLICIES, choosePerson } from "./contact-people.js";

const TEXTS = { name: "Name", company: "Company", language: "Language", time_zone: "Time zone" };

/** What can be edited of a contact, each under a name of its own, so that two states can be compared. */
function flat(contact) {
	const values = { handles: contact.handles.map(({ kind, value }) => [kind, value]), tags: contact.tags.join(", "), owner: contact.owner ?? "", name_policy: contact.name_policy ?? "" };
	for (const name of Object.keys(TEXTS)) values[name] = contact[name]?.value ?? "";
	for (const [key, known] of Object.entries(contact.fields)) values[`fields.${key}`] = known.value;
	return values;
}

const same = (one, other) => JSON.stringify(one ?? "") === JSON.stringify(other ?? "");

/** The names of what differs. */
const changes = (one, other) => [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => !same(one[name], other[name]));

/** What is sent: a merge patch of what the person changed. */
function patch(base, values) {
	const body = {};
	for (const name of changes(base, values)) {
		const value = values[name];
		if (name.startsWith("fields.")) body.fields = { ...body.fields, [name.slice("fields.".length)]: value === "" || value === undefined || value.length === 0 ? null : value };
		else if (name === "handles") body.handles = value.filter(([, value]) => value.trim()).map(([kind, value]) => ({ kind, value: value.trim() }));
		else if (name === "tags") body.tags = value.split(",").map((tag) => tag.trim()).filter(Boolean);
		else body[name] = value.trim() || null;
	}
	return body;
}

export function EditContact({ path, contact, etag, people, specs, ...dialog }) {
	const [base, setBase] = useState({ values: flat(contact), etag });
	const [values, set] = useState(base.values);
	const [clashes, setClashes] = useState(/** @type {any[]} */ ([]));
	const put = (name) => (value) => set({ ...values, [name]: value });
	const save = () => ask("PATCH", path, { headers: ifMatch(base.etag), body: patch(base.values, values) });
	const label = (name) => TEXTS[name] ?? specs.find(({ key }) => name === `fields.${key}`)?.label ?? LABELS[name] ?? name;
	// Another person was quicker: what they changed and this person did not is taken over, and the rest is for this person to decide.
	const compare = async () => {
		const { data, etag } = await ask("GET", path);
		const [theirs, mine] = [flat(data), new Set(changes(base.values, values))];
		const changed = changes(base.values, theirs);
		const taken = changed.filter((name) => !mine.has(name));
		set({ ...values, ...Object.fromEntries(taken.map((name) => [name, theirs[name]])) });
		setClashes(changed.filter((name) => mine.has(name) && !same(theirs[name], values[name])).map((name) => ({ name, theirs: theirs[name] })));
		setBase({ values: theirs, etag });
	};
	const take = ({ name, theirs }) => {
		set({ ...values, [name]: theirs });
		setClashes(clashes.filter((clash) => clash.name !== name));
	};
	const stale = () => html`<button type="button" onClick=${compare}>See what the other person changed</button>`;
	return html`<${FormDialog} ...${dialog} title="Edit the contact" label="Save" act=${save} stale=${stale} disabled=${!changes(base.values, values).length}>
		${clashes.length > 0 &&
		html`<div class="notice" role="status">
			<p><strong>Another person changed the same.</strong> What you have typed is saved, unless you take what they have.</p>
			<dl class="facts">${clashes.map((clash) => html`<div key=${clash.name}><dt>${label(clash.name)}</dt><dd><span dir="auto">${shown(clash.theirs)}</span> <button type="button" onClick=${() => take(clash)}>Take it</button></dd></div>`)}</dl>
		</div>`}
		<fieldset class="grid">
			<legend>Person</legend>
			${Object.entries(TEXTS).map(([name, title]) => html`<${Field} key=${name} label=${title} value=${values[name]} onInput=${put(name)} maxlength=${name === "language" ? 35 : 100} dir="auto" hint=${HINTS[name]} />`)}
			<${Field} label="Name in calls" value=${values.name_policy} onInput=${put("name_policy")} options=${[["", "as usual: the agent asks first"], ...Object.entries(POLICIES)]} />
			<${Field} label="Looked after by" value=${values.owner} onInput=${put("owner")} options=${choosePerson(people, "–", values.owner)} />
			<${Field} label="Tags" value=${values.tags} onInput=${put("tags")} hint="With commas between them" dir="auto" />
		</fieldset>
		<${Handles} of=${values.handles} onChange=${put("handles")} />
		${specs.length > 0 && html`<fieldset class="grid"><legend>Fields</legend>${specs.map((spec) => html`<${Typed} key=${spec.key} spec=${spec} value=${values[`fields.${spec.key}`]} onChange=${put(`fields.${spec.key}`)} />`)}</fieldset>`}
	<//>`;
}

const LABELS = { owner: "Looked after by", name_policy: "Name in calls", tags: "Tags", handles: "Reached by" };
const HINTS = { language: "Such as de or he", time_zone: "Such as Europe/Berlin" };
const shown = (value) => (Array.isArray(value) ? value.flat().join(", ") : String(value ?? "")) || "nothing";

function Handles({ of: handles, onChange }) {
	const put = (index, at) => (part) => onChange(handles.map((one, n) => (n === index ? one.toSpliced(at, 1, part) : one)));
	return html`<fieldset>
		<legend>Reached by</legend>
		${handles.map(([kind, value], index) => html`<div key=${index} class="row">
			<${Field} label="Kind" value=${kind} onInput=${put(index, 0)} options=${Object.entries(HANDLES)} />
			<${Field} label=${HANDLES[kind] ?? kind} value=${value} onInput=${put(index, 1)} dir="ltr" maxlength=${254} />
			<button type="button" aria-label=${`Take ${value || "it"} away`} onClick=${() => onChange(handles.toSpliced(index, 1))}>✕</button>
		</div>`)}
		<p></p>
		<button type="button" onClick=${() => onChange([...handles, ["phone", ""]])}>Add a number or an address</button>
	</fieldset>`;
}

/** Two digits. */
const two = (n) => String(n).padStart(2, "0");

/** A moment as a field of the browser has it: by the clocks here. */
function local(at) {
	const day = at && new Date(at);
	return day ? `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T${two(day.getHours())}:${two(day.getMinutes())}` : "";
}

/** A field of the business's own, by its kind. */
function Typed({ spec: { kind, label, options = [] }, value, onChange }) {
	const common = { label, value: value ?? "", onInput: onChange };
	switch (kind) {
		case "bool":
			return html`<${Field} ...${common} value=${value === undefined || value === "" ? "" : String(value)} onInput=${(word) => onChange(word && word === "true")} options=${[["", "–"], ["true", "yes"], ["false", "no"]]} />`;
		case "select":
			return html`<${Field} ...${common} options=${[["", "–"], ...options.map((one) => [one, one])]} />`;
		case "multiselect": {
			const chosen = value || [];
			return html`<fieldset><legend>${label}</legend>${options.map((one) => html`<${Check} key=${one} label=${text(one)} checked=${chosen.includes(one)} onChange=${(on) => onChange(options.filter((other) => (other === one ? on : chosen.includes(other))))} />`)}</fieldset>`;
		}
		case "datetime":
			return html`<${Field} ...${common} type="datetime-local" value=${local(value)} onInput=${(at) => onChange(at && new Date(at).toISOString())} />`;
		case "date":
			return html`<${Field} ...${common} type="date" />`;
		case "number":
			return html`<${Field} ...${common} inputmode="decimal" dir="ltr" />`;
		case "url":
			return html`<${Field} ...${common} type="url" dir="ltr" />`;
		default:
			return html`<${Field} ...${common} dir="auto" />`;
	}
}
