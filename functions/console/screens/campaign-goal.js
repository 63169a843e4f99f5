// What the calls of a campaign are to bring about: a fact that the summing-up of a call says.
import { Field, html, of, useLoad } from "../lib/all.js";

const KINDS = [["", "nothing is counted"], ["lead_status", "the lead is"], ["field", "a fact is known"]];

/** `value` is as the API has it, or null. */
export function Goal({ business, may, value, onChange }) {
	const settings = useLoad(may("settings:read") ? of(business, "/settings") : null);
	const { lead_statuses: statuses = [], fields = [] } = settings.data?.insights ?? {};
	const kind = value ? (typeof value.lead_status === "string" ? "lead_status" : "field") : "";
	const known = kind === "lead_status" ? statuses : fields.map(({ name }) => name);
	const set = (name) => (text) => onChange({ ...value, [name]: text || (name === "value" ? undefined : "") });
	const begin = (kind) => onChange(kind ? { [kind]: (kind === "lead_status" ? statuses[0] : fields[0]?.name) ?? "" } : null);
	// What is asked of calls now, and what was written before that changed.
	const one = value?.[kind] ?? "";
	const options = (known.includes(one) || !one ? known : [one, ...known]).map((word) => [word, word]);
	return html`<fieldset class="grid">
		<legend>What a call is to bring about</legend>
		<${Field} label="Goal" value=${kind} onInput=${begin} options=${KINDS} />
		${kind && html`<${Field} label=${kind === "field" ? "Which fact" : "Which status"} value=${one} onInput=${set(kind)} ...${known.length ? { options } : { required: true, maxlength: 100 }} />`}
		${kind === "field" && html`<${Field} label="Its value" value=${value.value ?? ""} onInput=${set("value")} maxlength=${100} hint="Empty: any value" />`}
	</fieldset>`;
}
