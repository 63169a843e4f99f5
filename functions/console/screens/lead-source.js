// One source of leads: how it is read, and what came of it.
import { Ask, Dialog, Fact, Form, Head, List, Loaded, Opens, Sheet, State, ask, dateTime, go, html, ifMatch, of, search, text, to, useFields, useLoad, usePages, useState, words } from "../lib/all.js";
import { EditSource, Secret } from "./leads.js";
import { Rotate } from "./secret-rotate.js";

export function LeadSourcePage({ business, one, may }) {
	const path = of(business, `/lead-sources/${encodeURIComponent(one)}`);
	const source = useLoad(path, 30_000);
	const pages = usePages();
	const leads = useLoad(`${path}/leads?${search({ limit: 25, cursor: pages.cursor })}`, 5_000);
	const [opened, open] = useState(null);
	const [made, setMade] = useState(null);
	const rotated = async ({ data }) => {
		setMade(data);
		await source.reload();
	};
	const enable = (enabled) => async () => {
		await ask("PATCH", path, { headers: ifMatch(source.etag), body: { enabled } });
		await source.reload();
	};
	const leave = async () => {
		await ask("DELETE", path, { headers: ifMatch(source.etag) });
		go(to(["b", business, "leads"]));
	};
	const columns = {
		Came: (lead) => html`<button class="plain" onClick=${() => open(lead.id)}>${dateTime(lead.came_at)}</button>`,
		State: (lead) => html`<${State} of=${lead.state} />`,
		Contact: (lead) => lead.contact && html`<a href=${to(["b", business, "contacts", lead.contact])}>the contact</a>`,
		Call: (lead) => called(lead.call, business),
		Note: (lead) => lead.notes[0]?.detail,
	};
	return html`<${Head} title="Source of leads"><p class="small"><a href=${to(["b", business, "leads"])}>All sources</a></p><//>
		${made && html`<${Secret} of=${made} />`}
		<${Loaded} of=${source}>
			${(data) => html`<${Sheet} title=${data.name}>
				<${Facts} of=${data} />
				${may("leads:write") &&
				html`<div class="row">
					<${Opens} label="Change" dialog=${EditSource} path=${path} begin=${data} etag=${source.etag} then=${source.reload} />
					<${Opens} label="Another secret" dialog=${Rotate} path=${`${path}/rotate`} then=${rotated} />
					${data.enabled
						? html`<${Ask} label="Disable" question="What is sent to it is refused until it is enabled." act=${enable(false)} />`
						: html`<${Form} tone="first" label="Enable" act=${enable(true)} />`}
					<${Ask} label="Remove" question="What is sent to it is refused. The contacts stay." act=${leave} />
				</div>`}
				<${Opens} label="Try it" dialog=${Tried} path=${`${path}/test`} />
			<//>`}
		<//>
		<h2>Leads of the last 30 days</h2>
		<${List} of=${leads} name="leads" caption="Leads" columns=${columns} pages=${pages} empty="None has come yet." />
		${opened !== null && html`<${Lead} key=${opened} path=${`${path}/leads/${opened}`} business=${business} onClose=${() => open(null)} />`}`;
}

/** Whether somebody was called, and why not. */
const called = (call, business) => (call.call ? html`<a href=${to(["b", business, "calls", call.call])}>called</a>` : call.why ? `not called: ${words(call.why)}` : call.state === "ordered" ? "ordered" : "–");

const Facts = ({ of: one }) => html`<dl class="facts">
	<${Fact} name="Address"><bdi>${one.url}</bdi><//>
	<${Fact} name="State"><${State} of=${one.enabled ? "active" : "disabled"} /><//>
	<${Fact} name="Proof">${words(one.proof)}, in <code>${one.proof_header}</code><//>
	${Object.entries(one.mapping).map(([part, ways]) => html`<${Fact} name=${part}><code>${ways.join(", ")}</code><//>`)}
	${one.status && html`<${Fact} name="Status">${words(one.status)}<//>`}
	${one.consent && html`<${Fact} name="People agree to">${text(one.consent)}<//>`}
	<${Fact} name="Called at once">${one.call_now ? html`from <bdi>${one.call_now.from}</bdi>` : "no"}<//>
	${one.earlier_secrets_until.map((until) => html`<${Fact} name="The secret before is good until">${dateTime(until)}<//>`)}
</dl>`;

/** Shows what would be read of something that is pasted in. */
function Tried({ path, label, onClose }) {
	const { values, field } = useFields({ body: "", kind: "json" });
	const [came, setCame] = useState(null);
	const send = async () => setCame((await ask("POST", path, { body: values })).data);
	return html`<${Dialog} title=${label} onClose=${onClose}>
		<${Form} label="Read it" act=${send} disabled=${!values.body.trim()}>
			${field("body", "What the form sends", { rows: 4, dir: "ltr", hint: "Nothing is kept of it" })}
			${field("kind", "It is", { options: [["json", "JSON"], ["form", "a form"]] })}
		<//>
		<div role="status">
			${came && html`<p><strong>${came.taken ? "It would be taken." : "It would be refused."}</strong></p>
				<dl class="facts">${came.parts.map((one) => html`<${Fact} name=${one.part}>${text(one.text)} <code>${one.path}</code><//>`)}</dl>
				${came.notes.map((note) => html`<p>${note.field}: ${note.detail}</p>`)}
				${!came.taken && html`<p class="small"><code>${came.paths.join(" ")}</code></p>`}`}
		</div>
	<//>`;
}

/** A lead, with what was sent. */
function Lead({ path, business, onClose }) {
	const found = useLoad(path, 5_000);
	return html`<${Dialog} title="Lead" onClose=${onClose}>
		<${Loaded} of=${found}>
			${(one) => html`<dl class="facts">
					<${Fact} name="Came">${dateTime(one.came_at)}<//>
					<${Fact} name="State"><${State} of=${one.state} /><//>
					<${Fact} name="Call">${called(one.call, business)}${one.call.detail && `: ${one.call.detail}`}<//>
					${one.consent && html`<${Fact} name="Agreed to">${text(one.consent)}<//>`}
					${one.message && html`<${Fact} name="They wrote">${text(one.message)}<//>`}
				</dl>
				${one.notes.map((note) => html`<p>${note.field}: ${note.detail}</p>`)}
				${one.raw ? html`<pre dir="auto">${one.raw.body}</pre>` : html`<p class="small"><code>${one.paths.join(" ")}</code></p>`}`}
		<//>
	<//>`;
}
