import { Ask, Badge, Check, Dialog, Fact, Form, FormDialog, Head, List, Loaded, Opens, ask, date, html, of, search, text, to, useFields, useLoad, usePages } from "../lib/all.js";

export function Numbers({ business, may }) {
	const path = of(business, "/numbers");
	const numbers = useLoad(path);
	const one = (row) => `${path}/${encodeURIComponent(row.number)}`;
	const columns = {
		Number: (row) => html`<bdi>${row.number}</bdi>`,
		Label: (row) => text(row.label),
		Since: (row) => date(row.since),
		"": (row) => html`<div class="row">
			<${Opens} label="Check at Twilio" dialog=${AtTwilio} path=${one(row)} number=${row.number} may=${may} />
			${may("numbers:write") && html`<${Opens} label="Label" dialog=${Label} path=${one(row)} number=${row} then=${numbers.reload} />
				<${Ask} label="Release" question=${`Calls to ${row.number} are not answered for this business any more.`} act=${() => ask("DELETE", one(row))} then=${numbers.reload} />`}
		</div>`,
	};
	return html`<${Head} title="Numbers" />
		${may("numbers:write") && html`<${Take} path=${path} reload=${numbers.reload} />`}
		<${List} of=${numbers} name="numbers" caption="Numbers" columns=${columns} id=${(row) => row.number} empty="The business has no number yet." />`;
}

function Take({ path, reload }) {
	const blank = { number: "", label: "", set_up: true };
	const { values, set, change, field } = useFields(blank);
	const take = async () => {
		const { number, label, set_up } = values;
		await ask("POST", path, { body: { number: number.trim(), ...(label && { label }), set_up } });
		set(blank);
		await reload();
	};
	return html`<${Form} class="sheet" aria-label="Add a number" label="Add" act=${take}>
		<div class="row">
			${field("number", "Number", { type: "tel", required: true, placeholder: "+12025550143" })}
			${field("label", "Label")}
		</div>
		<p></p>
		<${Check} label="Set it up at Twilio" hint="Twilio then sends its calls here" checked=${values.set_up} onChange=${change("set_up")} />
	<//>`;
}

function Label({ path, number, ...dialog }) {
	const { values, field } = useFields({ label: number.label ?? "" });
	const save = () => ask("PATCH", path, { body: { label: values.label.trim() || null } });
	return html`<${FormDialog} ...${dialog} title=${`Label of ${number.number}`} label="Save" act=${save}>${field("label", "Label", { maxlength: 100 })}<//>`;
}

function AtTwilio({ path, number, may, onClose }) {
	const check = useLoad(`${path}/check`);
	const setUp = async () => {
		await ask("PUT", `${path}/check`);
		await check.reload();
	};
	return html`<${Dialog} title=${`${number} at Twilio`} onClose=${onClose}>
		<${Loaded} of=${check}>
			${(data) => html`<p><${Badge} tone=${data.ok ? "good" : "bad"}>${data.ok ? "Its calls come here" : data.at_twilio ? "Its calls do not all come here" : "The account has no such number"}<//></p>
				<dl class="facts">
					${["voice_url", "voice_fallback_url", "status_callback"].map((name) => html`<${Fact} name=${name}><code>${data[name].is ?? "nothing"}</code>${data[name].is !== data[name].should_be && html`<br />should be <code>${data[name].should_be}</code>`}<//>`)}
				</dl>
				${!data.ok && data.at_twilio && may("numbers:write") && html`<${Form} label="Set it up" act=${setUp} />`}`}
		<//>
	<//>`;
}

export function DoNotCall({ business, may }) {
	const path = of(business, "/do-not-call");
	const pages = usePages();
	const list = useLoad(`${path}?${search({ limit: 50, cursor: pages.cursor })}`);
	const { values, set, field } = useFields({ number: "", reason: "" });
	const one = (number) => `${path}/${encodeURIComponent(number)}`;
	const add = async () => {
		await ask("PUT", one(values.number.trim()), { body: values.reason ? { reason: values.reason } : {} });
		set({ number: "", reason: "" });
		await list.reload();
	};
	const columns = {
		Number: (row) => html`<bdi>${row.number}</bdi>`,
		Since: (row) => date(row.since),
		Reason: (row) => text(row.reason),
		Source: (row) => (row.call ? html`<a href=${to(["b", business, "calls", row.call])}>a call</a>` : ({ api: "the API", call: "a call" }[row.source] ?? "unknown")),
		"": (row) => may("do_not_call:write") && html`<${Ask} label="Take off" question=${`${row.number} may be called again.`} act=${() => ask("DELETE", one(row.number))} then=${list.reload} />`,
	};
	return html`<${Head} title="Do not call" />
		<p>No call is placed to these numbers.</p>
		${may("do_not_call:write") &&
		html`<${Form} class="sheet row" aria-label="Add a number" label="Add" act=${add}>
			${field("number", "Number", { type: "tel", required: true, placeholder: "+12025550187" })}
			${field("reason", "Reason", { maxlength: 200 })}
		<//>`}
		<${List} of=${list} name="numbers" caption="Numbers that are not called" columns=${columns} id=${(row) => row.number} pages=${pages} empty="The list is empty." />`;
}
