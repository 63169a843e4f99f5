import { html, useState } from "../lib/dom.js";
import { ask, of } from "../lib/api.js";
import { useAction, useLoad } from "../lib/hooks.js";
import { date } from "../lib/format.js";
import { Ask, Badge, Check, Dialog, Empty, Fact, Field, Loaded, Table, Trouble } from "../lib/ui.js";

export function Numbers({ business, may }) {
	const path = of(business, "/numbers");
	const numbers = useLoad(path);
	const [looked, setLooked] = useState("");
	const one = (number) => `${path}/${encodeURIComponent(number)}`;
	const columns = [
		{ name: "Number", cell: (row) => html`<bdi>${row.number}</bdi>` },
		{ name: "Label", cell: (row) => html`<span dir="auto">${row.label ?? ""}</span>` },
		{ name: "Since", cell: (row) => date(row.since) },
		{
			name: "",
			cell: (row) => html`<div class="row">
				<button type="button" onClick=${() => setLooked(row.number)}>Check at Twilio</button>
				${may("numbers:write") && html`<${Label} path=${one(row.number)} number=${row} reload=${numbers.reload} />
					<${Ask} label="Release" question=${`Calls to ${row.number} are not answered for this business any more.`} act=${() => ask("DELETE", one(row.number))} then=${numbers.reload} />`}
			</div>`,
		},
	];
	return html`<header><h1 tabindex="-1">Numbers</h1></header>
		${may("numbers:write") && html`<${Take} path=${path} reload=${numbers.reload} />`}
		<${Loaded} of=${numbers}>
			${(data) =>
				data.numbers.length === 0
					? html`<${Empty}>The business has no number yet.<//>`
					: html`<div class="sheet"><${Table} caption="Numbers" columns=${columns} rows=${data.numbers} id=${(row) => row.number} /></div>`}
		<//>
		${looked && html`<${AtTwilio} path=${one(looked)} number=${looked} may=${may} onClose=${() => setLooked("")} />`}`;
}

function Take({ path, reload }) {
	const [wish, setWish] = useState({ number: "", label: "", set_up: true });
	const { submit, busy, problem } = useAction(async () => {
		await ask("POST", path, { body: { number: wish.number.trim(), ...(wish.label && { label: wish.label }), set_up: wish.set_up } });
		setWish({ number: "", label: "", set_up: true });
		await reload();
	});
	return html`<form class="sheet" onSubmit=${submit} aria-label="Add a number">
		<div class="row">
			<${Field} label="Number" type="tel" required value=${wish.number} onInput=${(number) => setWish({ ...wish, number })} placeholder="+12025550143" />
			<${Field} label="Label" value=${wish.label} onInput=${(label) => setWish({ ...wish, label })} />
			<button class="first" disabled=${busy}>Add</button>
		</div>
		<p></p>
		<${Check} label="Set it up at Twilio" hint="Twilio then sends its calls here" checked=${wish.set_up} onChange=${(set_up) => setWish({ ...wish, set_up })} />
		<${Trouble} of=${problem} />
	</form>`;
}

function Label({ path, number, reload }) {
	const [open, setOpen] = useState(false);
	const [label, setLabel] = useState(number.label ?? "");
	const { run, busy, problem } = useAction(async () => {
		await ask("PATCH", path, { body: { label: label.trim() || null } });
		setOpen(false);
		await reload();
	});
	return html`<button type="button" onClick=${() => setOpen(true)}>Label</button>
		${open &&
		html`<${Dialog} title=${`Label of ${number.number}`} onClose=${() => setOpen(false)}>
			<${Field} label="Label" value=${label} onInput=${setLabel} maxlength="100" />
			<${Trouble} of=${problem} />
			<footer><button type="button" onClick=${() => setOpen(false)}>Cancel</button><button type="button" class="first" disabled=${busy} onClick=${run}>Save</button></footer>
		<//>`}`;
}

function AtTwilio({ path, number, may, onClose }) {
	const check = useLoad(`${path}/check`);
	const { run, busy, problem } = useAction(async () => {
		await ask("PUT", `${path}/check`);
		await check.reload();
	});
	return html`<${Dialog} title=${`${number} at Twilio`} onClose=${onClose}>
		<${Loaded} of=${check}>
			${(data) => html`<p>${data.ok ? html`<${Badge} tone="good">Its calls come here<//>` : html`<${Badge} tone="bad">${data.at_twilio ? "Its calls do not all come here" : "The account has no such number"}<//>`}</p>
				<dl class="facts">
					${["voice_url", "voice_fallback_url", "status_callback"].map((name) => html`<${Fact} name=${name}><code>${data[name].is ?? "nothing"}</code>${data[name].is !== data[name].should_be && html`<br />should be <code>${data[name].should_be}</code>`}<//>`)}
				</dl>
				${!data.ok && data.at_twilio && may("numbers:write") && html`<p><button type="button" class="first" disabled=${busy} onClick=${run}>Set it up</button></p>`}`}
		<//>
		<${Trouble} of=${problem} />
	<//>`;
}
