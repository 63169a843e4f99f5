import { html, useState } from "../lib/dom.js";
import { ask, ifMatch, of } from "../lib/api.js";
import { useAction, useLoad } from "../lib/hooks.js";
import { dateTime } from "../lib/format.js";
import { Ask, Badge, Fact, Field, Loaded, Trouble } from "../lib/ui.js";

/** The business itself. */
export function Profile({ business, may }) {
	const path = of(business, "");
	const profile = useLoad(path);
	return html`<header><h1 tabindex="-1">Business</h1></header>
		<${Loaded} of=${profile}>
			${(data) => html`<section class="sheet" aria-label="Standing">
					<dl class="facts">
						<${Fact} name="Id"><code>${data.id}</code><//>
						<${Fact} name="Standing"><${Badge} tone=${data.standing === "active" ? "good" : "bad"}>${data.standing}<//> ${data.since ? `since ${dateTime(data.since)}` : ""} ${data.reason ?? ""}<//>
						${data.gone_at && html`<${Fact} name="Deleted for good">${dateTime(data.gone_at)}<//>`}
					</dl>
					${may("businesses:write") && html`<${Standing} path=${path} profile=${data} reload=${profile.reload} />`}
				</section>
				<${Edit} key=${profile.etag} path=${path} profile=${data} etag=${profile.etag} may=${may} reload=${profile.reload} />`}
		<//>`;
}

function Standing({ path, profile, reload }) {
	const [reason, setReason] = useState("");
	return html`<div class="row">
		${profile.standing === "active"
			? html`<${Ask} label="Suspend" question="Callers are told politely that the business cannot be reached; no call is placed." act=${() => ask("POST", `${path}/suspend`, { body: reason ? { reason } : {} })} then=${reload}><${Field} label="Reason" value=${reason} onInput=${setReason} /><//>`
			: html`<${Ask} label="Resume" tone="first" question="Calls are answered again." act=${() => ask("POST", `${path}/resume`)} then=${reload} />`}
		${!profile.gone_at && html`<${Ask} label="Delete" question="Calls are refused at once. After 30 days the business and everything of it that the law does not keep is deleted; until then it can be resumed." act=${() => ask("DELETE", path)} then=${reload} />`}
	</div>`;
}

function Edit({ path, profile, etag, may, reload }) {
	const text = (value) => (value === null || value === undefined ? "" : String(value));
	const begin = {
		name: profile.name,
		time_zone: profile.time_zone,
		fallback_number: text(profile.fallback_number),
		max_concurrent_calls: text(profile.max_concurrent_calls),
		minutes: text(profile.caps.minutes),
		money: profile.caps.micros === null || profile.caps.micros === undefined ? "" : String(profile.caps.micros / 1e6),
	};
	const [wish, setWish] = useState(begin);
	const set = (name) => (value) => setWish({ ...wish, [name]: value });
	const { submit, busy, problem } = useAction(async () => {
		const number = (value) => (value.trim() === "" ? null : Number(value));
		/** @type {Record<string, any>} */
		const change = {};
		for (const name of ["name", "time_zone"]) if (wish[name] !== begin[name]) change[name] = wish[name];
		if (wish.fallback_number !== begin.fallback_number) change.fallback_number = wish.fallback_number.trim() || null;
		if (wish.max_concurrent_calls !== begin.max_concurrent_calls) change.max_concurrent_calls = number(wish.max_concurrent_calls);
		if (wish.minutes !== begin.minutes || wish.money !== begin.money) {
			const usd = number(wish.money);
			change.caps = { minutes: number(wish.minutes), micros: usd === null ? null : Math.round(usd * 1e6) };
		}
		await ask("PATCH", path, { body: change, headers: ifMatch(etag) });
		await reload();
	});
	const disabled = !may("business:write");
	return html`<form class="sheet" onSubmit=${submit} aria-label="Profile">
		<${Field} label="Name" required value=${wish.name} onInput=${set("name")} disabled=${disabled} dir="auto" />
		<${Field} label="Time zone" required value=${wish.time_zone} onInput=${set("time_zone")} disabled=${disabled} hint="Such as Europe/Berlin" />
		<${Field} label="Number of a person" type="tel" value=${wish.fallback_number} onInput=${set("fallback_number")} disabled=${disabled} hint="Rings when the agent cannot answer" />
		<div class="row">
			<${Field} label="Calls at one time" type="number" min="1" value=${wish.max_concurrent_calls} onInput=${set("max_concurrent_calls")} disabled=${disabled} />
			<${Field} label="Minutes in a month, at most" type="number" min="0" value=${wish.minutes} onInput=${set("minutes")} placeholder="no cap" disabled=${disabled} />
			<${Field} label="US dollars in a month, at most" type="number" min="0" step="0.01" value=${wish.money} onInput=${set("money")} placeholder="no cap" disabled=${disabled} />
		</div>
		<p></p>
		<${Trouble} of=${problem} />
		${problem?.status === 412 && html`<p><button type="button" onClick=${() => reload()}>Show what it is now</button></p>`}
		${!disabled && html`<button class="first" disabled=${busy || JSON.stringify(wish) === JSON.stringify(begin)}>Save</button>`}
	</form>`;
}
