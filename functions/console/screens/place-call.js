import { html, useRef, useState } from "../lib/dom.js";
import { ask, of, once } from "../lib/api.js";
import { useAction, useLoad } from "../lib/hooks.js";
import { go, to } from "../lib/route.js";
import { Dialog, Field, Trouble } from "../lib/ui.js";

/** Has the agent call somebody. */
export function PlaceCall({ business, onClose }) {
	const numbers = useLoad(of(business, "/numbers"));
	const [order, setOrder] = useState({ from: "", to: "", reason: "", context: "" });
	const set = (name) => (value) => setOrder({ ...order, [name]: value });
	const own = (numbers.data?.numbers ?? []).map(({ number, label }) => ({ value: number, label: label ? `${number} (${label})` : number }));
	const from = order.from || own[0]?.value || "";
	// A click that is repeated after a lost answer is the same order.
	const same = useRef(once());
	const { submit, busy, problem } = useAction(async () => {
		const given = Object.fromEntries(Object.entries({ ...order, from }).filter(([, value]) => value));
		const { data } = await ask("POST", of(business, "/calls"), { body: given, headers: same.current });
		onClose();
		go(to(["b", business, "calls", data.sid]));
	});
	const edited = (name) => (value) => {
		same.current = once();
		set(name)(value);
	};
	return html`<${Dialog} title="Place a call" onClose=${onClose}>
		<form onSubmit=${submit}>
			<${Field} label="From" value=${from} onInput=${edited("from")} options=${own} />
			<${Field} label="To" type="tel" value=${order.to} onInput=${edited("to")} required placeholder="+12025550187" hint="With the country's code, such as +12025550187" />
			<${Field} label="What the call is about" value=${order.reason} onInput=${edited("reason")} hint="The agent says it" />
			<${Field} label="What the agent should know" value=${order.context} onInput=${edited("context")} rows=${4} />
			<${Trouble} of=${problem} />
			<footer>
				<button type="button" onClick=${onClose}>Cancel</button>
				<button class="first" disabled=${busy || !from}>Call</button>
			</footer>
		</form>
	<//>`;
}
