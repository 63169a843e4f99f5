// Contacts in files: a file is checked before a row of it is taken over, what was done can be undone, and all of them are exported.
import { Badge, Dialog, Fact, Form, Head, List, Loaded, Sheet, State, Trouble, ask, bytes, count, dateTime, html, of, text, to, useEffect, useFields, useLoad, useState, words } from "../lib/all.js";
import { Chosen, Problems, put } from "./upload.js";

/** What is done with contacts that are there already. */
const MODES = { fill: "what is not known of it is filled in", create: "it is left as it is", overwrite: "it is replaced, apart from what a person typed or a call brought" };
/** States in which a job works. */
const AT_WORK = ["checking", "running", "undoing"];

export function Files({ business, may }) {
	const path = of(business, "/contacts/imports");
	const imports = useLoad(path, 5_000);
	const [opened, open] = useState("");
	const columns = {
		When: (one) => html`<button class="plain" onClick=${() => open(one.id)}>${dateTime(one.created_at)}</button>`,
		State: (one) => html`<${Badge} tone=${toneOf(one.state)}>${words(one.state)}<//>`,
		Rows: (one) => count(one.file?.rows ?? 0),
		New: (one) => count((one.run ?? one.check)?.created ?? 0),
		Changed: (one) => count((one.run ?? one.check)?.updated ?? 0),
		"Left out": (one) => count((one.run ?? one.check)?.left_out ?? 0),
	};
	return html`<${Head} title="Import and export"><p class="small"><a href=${to(["b", business, "contacts"])}>All contacts</a></p><//>
		${may("contacts:write") && html`<div class="columns"><${NewImport} path=${path} onMade=${open} then=${imports.reload} /><${Export} path=${of(business, "/contacts/exports")} /></div>`}
		<${List} of=${imports} name="imports" caption="Imports" columns=${columns} numbers=${["Rows", "New", "Changed", "Left out"]} empty="No file was imported yet." />
		${opened && html`<${Import} key=${opened} path=${`${path}/${opened}`} may=${may} then=${imports.reload} onClose=${() => open("")} />`}`;
}

const toneOf = (state) => (state === "done" ? "good" : state === "refused" ? "bad" : AT_WORK.includes(state) || state === "checked" ? "busy" : "");

function NewImport({ path, onMade, then }) {
	const { values, field } = useFields({ mode: "fill", country: "" });
	const [file, setFile] = useState(/** @type {File | null} */ (null));
	const begin = async (headers) => {
		const { mode, country } = values;
		const body = { bytes: file?.size, mode, ...(country.trim() && { country: country.trim().toUpperCase() }) };
		const { data } = await ask("POST", path, { headers, body });
		if (data.upload) await put(data.upload, file);
		await ask("POST", `${path}/${data.id}/check`);
		await then();
		onMade(data.id);
	};
	return html`<${Sheet} title="Import a file">
		<p>A table with a header row, as CSV: 50,000 rows and 64 MB at most. It is checked first; nothing is changed by that.</p>
		<${Form} label="Check the file" act=${begin} disabled=${!file}>
			<${Chosen} onChange=${setFile} />
			${field("mode", "If a contact is there already", { options: Object.entries(MODES) })}
			${field("country", "Country of numbers without a country code", { maxlength: 2, placeholder: "DE", hint: "Two letters; without it such numbers are left out" })}
		<//>
	<//>`;
}

/** One import: what the file is, what a run would do or has done, and what there is to say of its rows. */
function Import({ path, may, then, onClose }) {
	const [atWork, setAtWork] = useState(true);
	const found = useLoad(path, atWork ? 1_000 : 10_000);
	const state = found.data?.state;
	useEffect(() => {
		if (state) setAtWork(AT_WORK.includes(state));
	}, [state]);
	const step = (name) => async () => {
		await ask("POST", `${path}/${name}`);
		setAtWork(true);
		await Promise.all([found.reload(), then()]);
	};
	return html`<${Dialog} title="Import" onClose=${onClose}>
		<${Loaded} of=${found}>
			${(one) => html`<p role="status"><${Badge} tone=${toneOf(one.state)}>${words(one.state)}<//> ${one.state === "checked" && "Nothing is changed yet."}</p>
				${one.refused && html`<${Trouble} of=${{ title: "the file cannot be imported", message: one.refused.detail }} />`}
				${one.file && html`<${Found} of=${one.file} />`}
				${[["check", "A run would"], ["run", "The run"], ["undo", "The undoing"]].map(([name, title]) => one[name] && (name !== "check" || !one.run) && html`<${Counts} key=${name} title=${title} of=${one[name]} all=${one.file?.rows} undone=${name === "undo"} />`)}
				${(one.check || one.run) && !AT_WORK.includes(one.state) && html`<${Problems} key=${one.state} path=${path} weight=${({ weight }) => WEIGHTS[weight] ?? ["", words(weight)]} />`}
				${may("contacts:write") &&
				html`<div class="row">
					${one.state === "checked" && html`<${Form} label="Take the rows over" act=${step("run")} />`}
					${one.state === "waiting" && html`<${Form} tone="" label="Check it" act=${step("check")} />`}
					${one.state === "done" && html`<${Form} tone="bad" label="Undo the import" act=${step("undo")} />`}
				</div>`}`}
		<//>
	<//>`;
}

const DELIMITERS = { ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars" };

function Found({ of: file }) {
	return html`<dl class="facts">
		<${Fact} name="Rows">${count(file.rows)}<//>
		<${Fact} name="Encoding">${file.encoding}${file.encoding_guessed && ", a guess"}<//>
		<${Fact} name="Parted by">${DELIMITERS[file.delimiter] ?? file.delimiter}<//>
		<${Fact} name="Columns"><ul class="findings">${file.headers.map(({ header, column }) => html`<li>${text(header)} → ${column ? words(column) : html`<${Badge}>left out<//>`}</li>`)}</ul><//>
	</dl>`;
}

const Counts = ({ title, of: one, all, undone }) => html`<h3>${title}</h3>
	<dl class="facts">
		${!one.ended_at && html`<${Fact} name="Rows so far">${count(one.rows)}${all ? ` of ${count(all)}` : ""} <progress max=${all || 1} value=${one.rows} aria-label="Rows"></progress><//>`}
		<${Fact} name=${undone ? "Taken away" : "New contacts"}>${count(one.created)}<//>
		<${Fact} name=${undone ? "As they were" : "Changed contacts"}>${count(one.updated)}<//>
		${!undone && html`<${Fact} name="Nothing new">${count(one.unchanged + one.empty)}<//>`}
		<${Fact} name=${undone ? "Changed since, and left" : "Rows left out"}>${count(one.left_out)}<//>
		${one.erased > 0 && html`<${Fact} name="Of people who were erased">${count(one.erased)}<//>`}
	</dl>`;

/** What becomes of what there is something to say of. */
const WEIGHTS = { row: ["bad", "row left out"], cell: ["busy", "cell left out"], note: ["", "taken"] };

/** All contacts as a file. */
function Export({ path }) {
	const [id, setId] = useState("");
	const [done, setDone] = useState(false);
	const one = useLoad(id ? `${path}/${id}` : null, done ? 0 : 1_000);
	useEffect(() => {
		if (one.data?.state === "done") setDone(true);
	}, [one.data]);
	const begin = async (headers) => {
		const { data } = await ask("POST", path, { headers });
		setDone(false);
		setId(data.id);
	};
	return html`<${Sheet} title="Export all contacts">
		<p>As CSV, in a form that an import takes back unchanged.</p>
		<${Form} tone="" label="Write the file" act=${begin} />
		<${Trouble} of=${one.problem} />
		${id && html`<p role="status">${one.data?.url ? html`<a href=${one.data.url}>contacts.csv</a>, ${count(one.data.contacts)} contacts, ${bytes(one.data.bytes)}. The link is good for 15 minutes.` : "It is being written…"}</p>`}
	<//>`;
}
