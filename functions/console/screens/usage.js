import { Field, Figure, Head, Loaded, Sheet, bytes, count, date, duration, html, money, of, useLoad, useState, words } from "../lib/all.js";

/** What the business used in a month. */
export function Usage({ business }) {
	const [month, setMonth] = useState("");
	const usage = useLoad(of(business, `/usage${month ? `?month=${month}` : ""}`), 30_000);
	return html`<${Head} title="Usage"><${Field} label="Month" type="month" value=${month || usage.data?.month || ""} onInput=${setMonth} /><//>
		<${Loaded} of=${usage}>${(data) => html`<${Month} usage=${data} />`}<//>`;
}

export function Month({ usage }) {
	const { calls, talk_s: talk, cost, caps } = usage;
	return html`<dl class="figures sheet">
			<${Figure} name="Calls in" value=${count(calls.inbound)} note=${duration(talk.inbound)} />
			<${Figure} name="Calls out" value=${count(calls.outbound)} note=${duration(talk.outbound)} />
			<${Figure} name="Test calls" value=${count(calls.test)} note=${duration(talk.test)} />
			<${Figure} name="Refused" value=${count(usage.refused)} />
			<${Figure} name="Minutes" value=${count(usage.minutes)} note=${usage.ends_at ? `until ${date(usage.ends_at)}` : ""} />
			<${Figure} name="Cost" value=${money(cost.usd_micros)} note=${`models ${money(cost.model_usd_micros)}, carrier ${money(cost.carrier_usd_micros)}`} />
			<${Figure} name="Recordings" value=${bytes(usage.recordings.kept_bytes)} />
		</dl>
		${cost.incomplete > 0 && html`<p class="small">Of ${count(cost.incomplete)} calls a part of the cost is not known.</p>`}
		${caps.length > 0 &&
		html`<${Sheet} title="Caps">
			<dl class="bars">
				${caps.map((cap) => html`<div><dt>${words(cap.meter)}</dt><dd><meter min="0" max=${cap.cap} high=${cap.cap * 0.8} value=${cap.used} aria-label=${words(cap.meter)}></meter></dd><dd>${words(cap.level)}</dd></div>`)}
			</dl>
		<//>`}`;
}
