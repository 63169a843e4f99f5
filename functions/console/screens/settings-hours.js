// Opening hours, and to whom calls can be transferred.
import { Check, Field, Sheet, html } from "../lib/all.js";
import { DAYS, Rows, Spans, Week } from "./rows.js";
import { Findings } from "./settings-fields.js";

const BEGIN = { week: Object.fromEntries(DAYS.map((day, n) => [day, n < 5 ? ["09:00-17:00"] : []])), holidays: [], exceptions: [], outside: "voicemail" };

/** When the business is open, and what happens to calls outside these hours. */
export function Hours({ settings, findings, onChange }) {
	const { hours } = settings;
	const set = (hours) => onChange({ ...settings, hours });
	const outside = typeof hours?.outside === "string" ? hours.outside : Object.keys(hours?.outside ?? {})[0];
	const kinds = { voicemail: "voicemail", agent: { agent: { instructions: "The business is closed. Take a message." } }, forward: { forward: { to: settings.tools?.directory?.[0]?.id ?? "" } } };
	return html`<${Sheet} title="Opening hours">
		<${Findings} of=${findings.filter((finding) => finding.pointer.startsWith("/hours"))} />
		<${Check} label="The business has opening hours" checked=${Boolean(hours)} onChange=${(on) => set(on ? BEGIN : null)} hint="Without them the agent always answers" />
		${hours &&
		html`<${Week} week=${hours.week} onChange=${(week) => set({ ...hours, week })} hint="in the business's time zone" />
			<${Rows} title="Holidays" rows=${hours.holidays ?? []} blank=${{ on: "12-25", name: "", open: [] }} onChange=${(holidays) => set({ ...hours, holidays })} fields=${[
				["on", "Day", "12-25 or 2027-03-29"],
				["name", "Name"],
				["open", "Open", "closed", Spans],
			]} />
			<${Field} label="Outside these hours" value=${outside} onInput=${(kind) => set({ ...hours, outside: kinds[kind] })} options=${[
				["voicemail", "the caller is asked for a message"],
				["agent", "the agent answers, with words of its own"],
				["forward", "the call goes to a person"],
			]} />
			${outside === "agent" && html`<${Field} label="What the agent is told then" rows=${4} value=${hours.outside.agent.instructions} onInput=${(instructions) => set({ ...hours, outside: { agent: { instructions } } })} />`}
			${outside === "forward" && html`<${Field} label="The person" value=${hours.outside.forward.to} onInput=${(to) => set({ ...hours, outside: { forward: { to } } })} options=${(settings.tools?.directory ?? []).map(({ id, label }) => [id, label])} />`}`}
	<//>`;
}

/** To whom the agent may connect a caller. */
export function Directory({ settings, findings, onChange }) {
	const rows = settings.tools?.directory ?? [];
	return html`<${Sheet} title="Directory">
		<p>To whom the agent may connect a caller who asks for it.</p>
		<${Findings} of=${findings.filter((finding) => finding.pointer.startsWith("/tools/directory"))} />
		<${Rows} title="Entries" rows=${rows} blank=${{ id: "", label: "", number: "" }} onChange=${(directory) => onChange({ ...settings, tools: { ...settings.tools, directory } })} fields=${[
			["id", "Id", "desk"],
			["label", "Who it is", "the front desk"],
			["number", "Number", "+12025550187"],
		]} />
	<//>`;
}
