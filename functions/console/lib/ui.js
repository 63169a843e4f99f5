// The parts that all screens are made of.
import { html, useEffect, useId, useRef, useState } from "./dom.js";
import { words } from "./format.js";

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

/** @param {string} text */
const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What is shown while something loads, or could not be. */
export function Loaded({ of: resource, children }) {
	if (resource.data === null && resource.problem) return html`<${Trouble} of=${resource.problem} again=${() => resource.reload()} />`;
	if (resource.loading) return html`<p class="waiting" role="status">Loading…</p>`;
	return html`${resource.problem && html`<${Trouble} of=${resource.problem} again=${() => resource.reload()} />`}
		${typeof children === "function" ? children(resource.data) : children}`;
}

export const Empty = ({ children }) => html`<p class="empty">${children}</p>`;

/** A short state. `tone` is `good`, `bad`, `busy` or nothing; the word says it all the same. */
export const Badge = ({ tone = "", children }) => html`<span class=${`badge ${tone}`}>${children}</span>`;

/** The state of a call. */
export function CallState({ status }) {
	const tone = { completed: "good", "in-progress": "busy", ringing: "busy", queued: "busy" }[status] ?? "bad";
	return html`<${Badge} tone=${tone}>${words(status)}<//>`;
}

/** A table; on a narrow screen each row is a card. */
export function Table({ caption, columns, rows, id, current }) {
	return html`<div class="scroller" tabindex="0" role="region" aria-label=${caption}>
		<table>
			<caption class="unseen">${caption}</caption>
			<thead>
				<tr>${columns.map((column) => html`<th scope="col" class=${column.number ? "number" : ""}>${column.name}</th>`)}</tr>
			</thead>
			<tbody>
				${rows.map(
					(row) => html`<tr key=${id(row)} class=${current === id(row) ? "current" : ""}>
						${columns.map(
							(column) => html`<td class=${column.number ? "number" : ""} data-name=${column.name}>${column.cell(row)}</td>`,
						)}
					</tr>`,
				)}
			</tbody>
		</table>
	</div>`;
}

/** A labelled input. */
export function Field({ label, value, onInput, type = "text", hint, options, rows, ...rest }) {
	const id = useId();
	const changed = (event) => onInput?.(event.currentTarget.value);
	const described = hint ? `${id}-hint` : undefined;
	const input = options
		? html`<select id=${id} value=${value} onChange=${changed} aria-describedby=${described} ...${rest}>
				${options.map((option) => html`<option value=${option.value} selected=${option.value === value}>${option.label}</option>`)}
			</select>`
		: rows
			? html`<textarea id=${id} rows=${rows} value=${value} onInput=${changed} aria-describedby=${described} dir="auto" ...${rest}></textarea>`
			: html`<input id=${id} type=${type} value=${value} onInput=${changed} aria-describedby=${described} ...${rest} />`;
	return html`<div class="field">
		<label for=${id}>${label}</label>
		${input}
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
	const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
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

/** A button that asks before it acts. */
export function Ask({ label, question, act, then, tone = "bad", disabled, children }) {
	const [open, setOpen] = useState(false);
	const [state, setState] = useState({ busy: false, problem: /** @type {any} */ (null) });
	const close = () => {
		setOpen(false);
		setState({ busy: false, problem: null });
	};
	const confirm = async () => {
		setState({ busy: true, problem: null });
		try {
			const result = await act();
			close();
			then?.(result);
		} catch (problem) {
			setState({ busy: false, problem });
		}
	};
	return html`<button type="button" class=${tone} disabled=${disabled} onClick=${() => setOpen(true)}>${label}</button>
		${open &&
		html`<${Dialog} title=${label} onClose=${close}>
			<p>${question}</p>
			${children}
			<${Trouble} of=${state.problem} />
			<footer>
				<button type="button" onClick=${close}>Cancel</button>
				<button type="button" class=${tone} disabled=${state.busy} onClick=${confirm}>${label}</button>
			</footer>
		<//>`}`;
}

/** Something that is shown once, with a button to copy it. */
export function Copy({ text, label }) {
	const [done, setDone] = useState(false);
	const copy = async () => {
		await navigator.clipboard?.writeText(text);
		setDone(true);
	};
	return html`<p class="copy">
		<code>${text}</code>
		<button type="button" onClick=${copy}>${label}</button>
		<span role="status">${done ? "Copied" : ""}</span>
	</p>`;
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
