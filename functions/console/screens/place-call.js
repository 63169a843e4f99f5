import { FormDialog, ask, go, html, of, to, useFields, useLoad } from "../lib/all.js";

/** Has the agent call somebody. */
export function PlaceCall({ business, onClose }) {
	const numbers = useLoad(of(business, "/numbers"));
	const { values, field } = useFields({ from: "", to: "", reason: "", context: "" });
	const own = (numbers.data?.numbers ?? []).map(({ number, label }) => [number, label ? `${number} (${label})` : number]);
	const from = values.from || own[0]?.[0] || "";
	const order = async (headers) => {
		const given = Object.fromEntries(Object.entries({ ...values, from }).filter(([, value]) => value));
		const { data } = await ask("POST", of(business, "/calls"), { body: given, headers });
		onClose();
		go(to(["b", business, "calls", data.sid]));
	};
	return html`<${FormDialog} title="Place a call" label="Call" onClose=${onClose} act=${order} disabled=${!from}>
		${field("from", "From", { value: from, options: own })}
		${field("to", "To", { type: "tel", required: true, placeholder: "+12025550187", hint: "With the country's code, such as +12025550187" })}
		${field("reason", "What the call is about", { hint: "The agent says it" })}
		${field("context", "What the agent should know", { rows: 4 })}
	<//>`;
}
