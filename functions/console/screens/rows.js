// Rows of fields, and when something is open.
import { Field, html, useState } from "../lib/all.js";

export const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** Spans as they are typed: `09:00-12:00, 13:00-18:00`. */
const typed = (spans) => (spans ?? []).join(", ");
const spans = (text) => text.split(",").map((span) => span.trim()).filter(Boolean);

/** Spans in one field. What is typed stays as it is until the field is left. */
export function Spans({ value, onInput, ...rest }) {
	const [text, setText] = useState(null);
	const changed = (text) => {
		setText(text);
		onInput(spans(text));
	};
	return html`<${Field} value=${text ?? typed(value)} onInput=${changed} onBlur=${() => setText(null)} ...${rest} placeholder="closed" />`;
}

/** When something is open on each day of a week. */
export const Week = ({ week, onChange, hint }) => html`<div class="row">${DAYS.map((day) => html`<${Spans} key=${day} label=${day[0].toUpperCase() + day.slice(1)} value=${week[day]} onInput=${(open) => onChange({ ...week, [day]: open })} />`)}</div>
	<p class="hint">Such as 09:00-12:00, 13:00-18:00, ${hint}</p>`;

/** Rows of a list, each of a few texts (name, label, placeholder), with one button that adds and one that takes away. */
export function Rows({ title, rows, fields, blank, onChange }) {
	const set = (n, name) => (value) => onChange(rows.map((row, k) => (k === n ? { ...row, [name]: value } : row)));
	return html`<fieldset>
		<legend>${title}</legend>
		${rows.map(
			(row, n) => html`<div class="row" key=${n}>
				${fields.map(([name, label, placeholder, Of = Field]) => html`<${Of} key=${name} label=${label} value=${row[name] ?? ""} onInput=${set(n, name)} placeholder=${placeholder} dir="auto" />`)}
				<button type="button" aria-label=${`Remove row ${n + 1} of ${title}`} onClick=${() => onChange(rows.filter((_, k) => k !== n))}>Remove</button>
			</div>`,
		)}
		<p><button type="button" onClick=${() => onChange([...rows, blank])}>Add</button></p>
	</fieldset>`;
}
