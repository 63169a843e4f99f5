// The parts that all screens are made of.
import { html, useEffect, useId, useRef, useState } from "./dom.js";
import { once } from "./api.js";
import { words } from "./format.js";
import { go, to } from "./route.js";
import { useAction } from "./hooks.js";

/** What went wrong, in the words of the API. */
export function Trouble({ of: problem, again }) {
	if (!problem) return null;
	return html`<div class="trouble" role="alert">
		<strong>${sentence(problem.title ?? "error")}</strong>
		<p dir="auto">${problem.message}</p>
		${problem.errors?.length > 1 &&
		html`<ul>
			${problem.errors.map((error) => html`<li><code>${error.pointer || "/"}</code> <span dir="auto">${error.detail}</span></li>`)}
		</ul>`}
		<p class="small">
			${problem.status ? `Status ${problem.status}. ` : ""}${problem.request ? html`Request <code>${problem.request}</code>` : ""}
		</p>
		${again && html`<button type="button" onClick=${again}>Try again</button>`}
	</div>`;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What is shown while something loads, or could not be. */
export function Loaded({ of: { data, problem, loading, reload }, children }) {
	if (loading) return html`<p class="waiting" role="status">Loading…</p>`;
	return html`<${Trouble} of=${problem} again=${() => reload()} />${data !== null && (typeof children === "function" ? children(data) : children)}`;
}

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

/** A text that people wrote, which may run either way. */
export const text = (written) => html`<span dir="auto">${written}</span>`;

/** A short state. `tone` is `good`, `bad`, `busy` or nothing; the word says it all the same. */
export const Badge = ({ tone = "", children }) => html`<span class=${`badge ${tone}`}>${children}</span>`;

/** The tones of states: as it should be, on its way, and neither; every other state is bad. */
const TONES = {
	good: ["completed", "active", "booked", "archived", "created", "delivered", "done", "good", "joined", "live", "published", "proven"],
	busy: ["announced", "held", "in-progress", "in_flight", "in_progress", "invited", "looked_for", "queued", "ringing", "to do", "waiting", "warning"],
	"": ["not_proven", "not_recorded", "skipped"],
};

/** The state that something is in, in the words and the colour that it has everywhere. */
export const State = ({ of }) => html`<${Badge} tone=${Object.keys(TONES).find((tone) => TONES[tone].includes(of)) ?? "bad"}>${words(of)}<//>`;

/** The heading of a screen, and what stands beside it. */
export const Head = ({ title, children }) => html`<header><h1 tabindex="-1">${title}</h1>${children}</header>`;

/** A part of a screen. */
export function Sheet({ title, children }) {
	const id = useId();
	return html`<section class="sheet" aria-labelledby=${id}><h2 id=${id}>${title}</h2>${children}</section>`;
}

/** What is chosen from: `all`, or one of the words of a closed list. */
export const choices = (all, list) => [["", all], ...list.map((value) => [value, words(value)])];

/** What narrows a list down. */
export const Filters = ({ children }) => html`<div class="sheet row" role="search" aria-label="Filters">${children}</div>`;

/** Filters of these names that stand in the address of the screen at `parts`: what is chosen, and a field for each. */
export function filtersOf(parts, query, names) {
	const chosen = Object.fromEntries(names.map((name) => [name, query.get(name) ?? ""]));
	const set = (name) => (value) => go(to(parts, { ...chosen, [name]: value }), true);
	const field = (name, label, more) => html`<${Field} label=${label} value=${chosen[name]} onInput=${set(name)} ...${more} />`;
	return { chosen, field };
}

/** The table of a list that is loaded, of its entries `name` those that fit, with the way to its other pages if it has `pages`. */
export const List = ({ of, name, fits = () => true, pages, ...table }) => html`<${Loaded} of=${of}>
	${(data) => html`<${Table} rows=${data[name].filter(fits)} ...${table} />${pages && html`<${Pages} of=${pages} next=${data.next} />`}`}
<//>`;

/** A table; on a narrow screen each row is a card. `columns` has the cell of a row for each heading; those in `numbers` hold figures. */
export function Table({ caption, columns, rows, id = (row) => row.id, mark = (_) => "", numbers = [], empty = "" }) {
	if (!rows.length && empty) return html`<${Empty}>${empty}<//>`;
	const side = (name) => (numbers.includes(name) ? "number" : "");
	return html`<div class="sheet scroller" tabindex="0" role="region" aria-label=${caption}>
		<table>
			<caption class="unseen">${caption}</caption>
			<thead>
				<tr>${Object.keys(columns).map((name) => html`<th scope="col" class=${side(name)}>${name}</th>`)}</tr>
			</thead>
			<tbody>
				${rows.map(
					(row) => html`<tr key=${id(row)} class=${mark(row)}>
						${Object.entries(columns).map(([name, cell]) => html`<td class=${side(name)} data-name=${name}>${cell(row)}</td>`)}
					</tr>`,
				)}
			</tbody>
		</table>
	</div>`;
}

/** A labelled input; `options` are pairs of a value and its label. */
export function Field({ label, value, onInput, hint, options, ...rest }) {
	const id = useId();
	const described = hint ? `${id}-hint` : undefined;
	const input = { id, value, "aria-describedby": described, ...rest };
	const changed = (event) => onInput?.(event.currentTarget.value);
	return html`<div class="field">
		<label for=${id}>${label}</label>
		${options
			? html`<select ...${input} onChange=${changed}>${options.map(([one, label]) => html`<option value=${one} selected=${one === value}>${label}</option>`)}</select>`
			: rest.rows
				? html`<textarea dir="auto" ...${input} onInput=${changed}></textarea>`
				: html`<input ...${input} onInput=${changed} />`}
		${hint && html`<p class="hint" id=${described}>${hint}</p>`}
	</div>`;
}

export function Check({ label, checked, onChange, hint, disabled }) {
	const id = useId();
	return html`<div class="check">
		<input id=${id} type="checkbox" checked=${checked} disabled=${disabled} onChange=${(event) => onChange(event.currentTarget.checked)} />
		<label for=${id}>${label}${hint && html` <span class="hint">${hint}</span>`}</label>
	</div>`;
}

/** A dialog that opens when it is drawn. */
export function Dialog({ title, onClose, children }) {
	const dialog = useRef(null);
	const id = useId();
	useEffect(() => {
		const element = dialog.current;
		const before = /** @type {HTMLElement | null} */ (document.activeElement);
		if (element && !element.open) element.showModal();
		return () => before?.focus?.();
	}, []);
	return html`<dialog ref=${dialog} aria-labelledby=${id} onClose=${onClose}>
		<header>
			<h2 id=${id}>${title}</h2>
			<button type="button" class="plain" aria-label="Close" onClick=${onClose}>✕</button>
		</header>
		${children}
	</dialog>`;
}

/** The values of some fields, and a field for each of them by its name. */
export function useFields(begin) {
	const [values, set] = useState(begin);
	const change = (name) => (value) => set({ ...values, [name]: value });
	const field = (name, label, more) => html`<${Field} label=${label} value=${values[name]} onInput=${change(name)} ...${more} />`;
	return { values, set, change, field };
}

/**
 * Fields with the button that sends them, and what went wrong. `act` gets headers by which a click that is repeated after a
 * lost answer is the same request. `stale` is what can be done when another person has changed the same thing meanwhile.
 */
export function Form({ act, label, tone = "first", disabled, stale, onClose, children, ...rest }) {
	const same = useRef(once());
	const { run, busy, problem } = useAction(act);
	const submit = (event) => {
		event.preventDefault();
		run(same.current);
	};
	const send = html`<button class=${tone} disabled=${busy || disabled}>${label}</button>`;
	return html`<form onSubmit=${submit} onInput=${() => (same.current = once())} ...${rest}>
		${children}
		<${Trouble} of=${problem} />
		${stale && problem?.status === 412 && html`<p>${stale(problem)}</p>`}
		${onClose ? html`<footer><button type="button" onClick=${onClose}>Cancel</button>${send}</footer>` : send}
	</form>`;
}

/** A form in a dialog. When it is done the dialog closes, unless it `stays`, and `then` is given what came of it. */
export function FormDialog({ title, act, then, stays, ...form }) {
	const done = async (headers) => {
		const result = await act(headers);
		if (!stays) form.onClose();
		await then?.(result);
	};
	return html`<${Dialog} title=${title} onClose=${form.onClose}><${Form} act=${done} ...${form} /><//>`;
}

/** A button with the dialog that it opens: a component, which is given all the rest and what closes it. */
export function Opens({ disabled, dialog, ...rest }) {
	const [open, setOpen] = useState(false);
	return html`<button class=${rest.tone ?? ""} disabled=${disabled} onClick=${() => setOpen(true)}>${rest.label}</button>${open && html`<${dialog} ...${rest} onClose=${() => setOpen(false)} />`}`;
}

/** A button that asks before it acts. */
export const Ask = ({ question, tone = "bad", children, ...rest }) => html`<${Opens} dialog=${FormDialog} title=${rest.label} tone=${tone} ...${rest}><p>${question}</p>${children}<//>`;

/** Something that is shown once, with a button to copy it. */
export function Copy({ text, label, children }) {
	const [done, setDone] = useState(false);
	const copy = async () => {
		await navigator.clipboard?.writeText(text);
		setDone(true);
	};
	return html`<div class="notice">
		<p role="status">${children}</p>
		<p class="copy">
			<code>${text}</code>
			<button type="button" onClick=${copy}>${label}</button>
			<span role="status">${done ? "Copied" : ""}</span>
		</p>
	</div>`;
}

/** The way to the next page of a list and back. `next` is what the API says of it. */
export const Pages = ({ of: pages, next }) => html`<div class="row">
	${!pages.isFirst && html`<button type="button" onClick=${pages.back}>Back</button>`}
	${next && html`<button type="button" onClick=${() => pages.further(next)}>Further</button>`}
</div>`;

/** A name and its value, in a list of facts. */
export const Fact = ({ name, children }) => html`<div><dt>${name}</dt><dd dir="auto">${children}</dd></div>`;

/** One figure of a strip. */
export const Figure = ({ name, value, note }) => html`<div class="figure">
	<dt>${name}</dt>
	<dd><bdi>${value}</bdi>${note && html`<small><bdi>${note}</bdi></small>`}</dd>
</div>`;
