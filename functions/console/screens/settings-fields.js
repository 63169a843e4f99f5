// The settings that have a field of their own. Everything else is edited as JSON.
import { Check, Field, html } from "../lib/all.js";
import { at, put } from "../lib/pointer.js";

/** @param {string} at @param {string} label @param {"text" | "long" | "list" | "check"} kind @param {{rows?: number, hint?: string}} [more] */
const field = (at, label, kind, more) => ({ at, label, kind, ...more });

export const AREAS = {
	"Calls that come in": [
		field("/prompts/inbound/greeting", "Greeting", "long", { rows: 2, hint: "The first words. {{business_name}} stands for the name." }),
		field("/prompts/inbound/instructions", "Instructions", "long", { rows: 14, hint: "Who the agent is, what it knows, and what it is to do" }),
	],
	"Calls that are placed": [
		field("/prompts/outbound/greeting", "Greeting of a placed call", "long", { rows: 2 }),
		field("/prompts/outbound/instructions", "Instructions of a placed call", "long", { rows: 8 }),
	],
	Voice: [
		field("/voice/voice", "Voice", "text"),
		field("/voice/model", "Model", "text"),
		field("/voice/languages", "Languages", "list", { rows: 3, hint: "One code per line, such as en or he; the first is spoken first" }),
		field("/voice/keywords", "Names and terms", "list", { rows: 4, hint: "One per line: what callers say and a listener could mistake" }),
	],
	Rules: [
		field("/policies/record_calls", "Calls are recorded", "check"),
		field("/policies/conversation/protect_greeting", "The greeting is not interrupted", "check"),
		field("/policies/conversation/end_on_goodbye", "A goodbye ends the call", "check"),
		field("/tools/take_messages", "The agent takes messages", "check"),
	],
	"What is noted of a call": [field("/insights/lead_statuses", "States of a lead", "list", { rows: 4, hint: "One per line, in the order in which a lead moves" })],
};

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
