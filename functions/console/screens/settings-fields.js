// The settings that have a field of their own. Everything else is edited as JSON.
import { html } from "../lib/dom.js";
import { at, put } from "../lib/pointer.js";
import { Check, Field } from "../lib/ui.js";

/**
 * @typedef {"text" | "long" | "list" | "check" | "number"} Kind
 * @typedef {{at: string, label: string, kind: Kind, hint?: string, rows?: number}} FieldOf
 * @type {{title: string, fields: FieldOf[]}[]}
 */
export const AREAS = [
	{
		title: "Calls that come in",
		fields: [
			{ at: "/prompts/inbound/greeting", label: "Greeting", kind: "long", rows: 2, hint: "The first words. {{business_name}} stands for the name." },
			{ at: "/prompts/inbound/instructions", label: "Instructions", kind: "long", rows: 14, hint: "Who the agent is, what it knows, and what it is to do" },
		],
	},
	{
		title: "Calls that are placed",
		fields: [
			{ at: "/prompts/outbound/greeting", label: "Greeting of a placed call", kind: "long", rows: 2 },
			{ at: "/prompts/outbound/instructions", label: "Instructions of a placed call", kind: "long", rows: 8 },
		],
	},
	{
		title: "Voice",
		fields: [
			{ at: "/voice/voice", label: "Voice", kind: "text" },
			{ at: "/voice/model", label: "Model", kind: "text" },
			{ at: "/voice/languages", label: "Languages", kind: "list", rows: 3, hint: "One code per line, such as en or he; the first is spoken first" },
			{ at: "/voice/keywords", label: "Names and terms", kind: "list", rows: 4, hint: "One per line: what callers say and a listener could mistake" },
		],
	},
	{
		title: "Rules",
		fields: [
			{ at: "/policies/record_calls", label: "Calls are recorded", kind: "check" },
			{ at: "/policies/conversation/protect_greeting", label: "The greeting is not interrupted", kind: "check" },
			{ at: "/policies/conversation/end_on_goodbye", label: "A goodbye ends the call", kind: "check" },
			{ at: "/tools/take_messages", label: "The agent takes messages", kind: "check" },
		],
	},
	{
		title: "What is noted of a call",
		fields: [{ at: "/insights/lead_statuses", label: "States of a lead", kind: "list", rows: 4, hint: "One per line, in the order in which a lead moves" }],
	},
];

/** One setting, with what is wrong with it. */
export function SettingField({ of: field, settings, findings, onChange, disabled }) {
	const value = at(settings, field.at);
	const set = (value) => onChange(put(settings, field.at, value));
	const own = findings.filter((finding) => finding.pointer === field.at || finding.pointer.startsWith(`${field.at}/`));
	const hint = field.hint;
	const input =
		field.kind === "check"
			? html`<${Check} label=${field.label} checked=${Boolean(value)} onChange=${set} hint=${hint} disabled=${disabled} />`
			: field.kind === "list"
				? html`<${Field} label=${field.label} rows=${field.rows} hint=${hint} disabled=${disabled} value=${(value ?? []).join("\n")} onInput=${(text) => set(text.split("\n"))} onBlur=${() => set((value ?? []).map((line) => line.trim()).filter(Boolean))} />`
				: html`<${Field} label=${field.label} rows=${field.kind === "long" ? field.rows : undefined} hint=${hint} disabled=${disabled} value=${value ?? ""} onInput=${set} dir="auto" />`;
	return html`<div>${input}<${Findings} of=${own} /></div>`;
}

export function Findings({ of: findings }) {
	if (!findings.length) return null;
	return html`<ul class="findings">
		${findings.map((finding) => html`<li class=${`badge ${finding.severity === "error" ? "bad" : "busy"}`}><span>${finding.severity}</span>: <span dir="auto">${finding.detail}</span></li>`)}
	</ul>`;
}
