// Opening hours, and to whom calls can be transferred.
import { Check, Field, Sheet, html, useState } from "../lib/all.js";
import { Findings } from "./settings-fields.js";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const BEGIN = { week: Object.fromEntries(DAYS.map((day, n) => [day, n < 5 ? ["09:00-17:00"] : []])), holidays: [], exceptions: [], outside: "voicemail" };

/** Spans as they are typed: `09:00-12:00, 13:00-18:00`. */
const typed = (spans) => (spans ?? []).join(", ");
const spans = (text) => text.split(",").map((span) => span.trim()).filter(Boolean);

/** Spans in one field. What is typed stays as it is until the field is left. */
function Spans({ value, onInput, ...rest }) {
	const [text, setText] = useState(null);
	const changed = (text) => {
		setText(text);
		onInput(spans(text));
	};
	return html`<${Field} value=${text ?? typed(value)} onInput=${changed} onBlur=${() => setText(null)} ...${rest} placeholder="closed" />`;
}

/** Rows of a list, each of a few texts (name, label, placeholder), with one button that adds and one that takes away. */
function Rows({ title, rows, fields, blank, onChange }) {
	const set = (n, name) => (value) => onChange(rows.map((row, k) => (k === n ? { ...row, [name]: value } : row)));
	return html`<fieldset>
		<legend>${title}</legend>
		${rows.map(
			(row, n) => html`<div class="row" key=${n}>
				${fields.map(([name, label, placeholder, Of = Field]) => html`<${Of} key=${name} label=${label} value=${row[name] ?? ""} onInput=${set(n, name)} placeholder=${placeholder} dir="auto" />`)}
				<button aria-label=${`Remove row ${n + 1} of ${title}`} onClick=${() => onChange(rows.filter((_, k) => k !== n))}>Remove</button>
			</div>`,
		)}
		<p><button onClick=${() => onChange([...rows, blank])}>Add</button></p>
	</fieldset>`;
}

/** When the business is open, and what happens to calls outside these hours. */
export function Hours({ settings, findings, onChange }) {
	const { hours } = settings;
	const set = (hours) => onChange({ ...settings, hours });
	const outside = typeof hours?.outside === "string" ? hours.outside : Object.keys(hours?.outside ?? {})[0];
	const kinds = { voicemail: "voicemail", agent: { agent: { instructions: "The business is closed. Take a message." } }, forward: { forward: { to: settings.tools?.directory?.[0]?.id ?? "" } } };
	return html`<${Sheet} title="Opening hours">
		<${Findings} of=${findings.filter((finding) => finding.pointer.startsWith("/hours"))} />
		<${Check} label="The business has opening hours" checked=${Boolean(hours)} onChange=${(on) => set(on ? BEGIN : null)} hint="Without them the agent always answers" />
		${hours &&
		html`<div class="row">${DAYS.map((day) => html`<${Spans} key=${day} label=${day[0].toUpperCase() + day.slice(1)} value=${hours.week[day]} onInput=${(open) => set({ ...hours, week: { ...hours.week, [day]: open } })} />`)}</div>
			<p class="hint">Such as 09:00-12:00, 13:00-18:00, in the business's time zone</p>
			<${Rows} title="Holidays" rows=${hours.holidays ?? []} blank=${{ on: "12-25", name: "", open: [] }} onChange=${(holidays) => set({ ...hours, holidays })} fields=${[
				["on", "Day", "12-25 or 2027-03-29"],
				["name", "Name"],
				["open", "Open", "closed", Spans],
			]} />
			<${Field} label="Outside these hours" value=${outside} onInput=${(kind) => set({ ...hours, outside: kinds[kind] })} options=${[
				["voicemail", "the caller is asked for a message"],
				["agent", "the agent answers, with words of its own"],
				["forward", "the call goes to a person"],
			]} />
			${outside === "agent" && html`<${Field} label="What the agent is told then" rows=${4} value=${hours.outside.agent.instructions} onInput=${(instructions) => set({ ...hours, outside: { agent: { instructions } } })} />`}
			${outside === "forward" && html`<${Field} label="The person" value=${hours.outside.forward.to} onInput=${(to) => set({ ...hours, outside: { forward: { to } } })} options=${(settings.tools?.directory ?? []).map(({ id, label }) => [id, label])} />`}`}
	<//>`;
}

/** To whom the agent may connect a caller. */
export function Directory({ settings, findings, onChange }) {
	const rows = settings.tools?.directory ?? [];
	return html`<${Sheet} title="Directory">
		<p>To whom the agent may connect a caller who asks for it.</p>
		<${Findings} of=${findings.filter((finding) => finding.pointer.startsWith("/tools/directory"))} />
		<${Rows} title="Entries" rows=${rows} blank=${{ id: "", label: "", number: "" }} onChange=${(directory) => onChange({ ...settings, tools: { ...settings.tools, directory } })} fields=${[
			["id", "Id", "desk"],
			["label", "Who it is", "the front desk"],
			["number", "Number", "+12025550187"],
		]} />
	<//>`;
}
