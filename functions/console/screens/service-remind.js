// How people are reminded of a service's appointments: the first way that is possible is taken.
import { Check, Field, html, of, useLoad } from "../lib/all.js";

const WAYS = { whatsapp: "By WhatsApp, with a template", sms: "By SMS", call: "By a call of the agent" };

/** `value` is as the API has it: null, or a number and the ways. */
export function Remind({ business, value, onChange }) {
	const numbers = useLoad(of(business, "/numbers"));
	const own = (numbers.data?.numbers ?? []).map(({ number, label }) => [number, label ? `${number} (${label})` : number]);
	const by = value?.by ?? [];
	const from = value?.from ?? own[0]?.[0] ?? "";
	const set = (by, more = {}) => onChange(by.length ? { ...value, from, ...more, by } : null);
	const choose = (way) => (on) => set(on ? [...by, { way }] : by.filter((one) => one.way !== way));
	const chosen = (way) => by.find((one) => one.way === way);
	const put = (way, name) => (word) => set(by.map((one) => (one.way === way ? { ...one, [name]: word || null } : one)));
	return html`<fieldset>
		<legend>How people are reminded</legend>
		${Object.entries(WAYS).map(([way, label]) => html`<${Check} key=${way} label=${label} checked=${Boolean(chosen(way))} onChange=${choose(way)} />`)}
		${by.length > 0 && html`<${Field} label="From" value=${from} options=${own.some(([number]) => number === from) ? own : [[from, from], ...own]} onInput=${(from) => set(by, { from })} />`}
		${chosen("whatsapp") && html`<div class="row">
				<${Field} label="Template" required value=${chosen("whatsapp").template ?? ""} onInput=${put("whatsapp", "template")} hint="At Meta its name; at Twilio its content sid, HX…" dir="ltr" />
				<${Field} label="Language" value=${chosen("whatsapp").language ?? ""} onInput=${put("whatsapp", "language")} hint="At Meta alone" dir="ltr" />
			</div>
			<p></p>`}
		${chosen("sms") && html`<${Field} label="Words of the SMS" rows=${2} maxlength=${500} value=${chosen("sms").text ?? ""} onInput=${put("sms", "text")} hint="Left empty: the product's own. {{name}}, {{service}}, {{time}}, {{business_name}} and {{calendar}} are filled in." />`}
		<p class="hint">The first of them that is possible is taken, in the order in which they were chosen.</p>
	</fieldset>`;
}
