import { Ask, Fact, Field, Filters, Form, FormDialog, Head, List, Loaded, Opens, State, ask, choices, dateTime, filtersOf, go, html, ifMatch, of, search, to, useFields, useLoad, usePages, useState } from "../lib/all.js";

/** Every business of the deployment, for operators. */
export function Businesses({ may, query }) {
	const { chosen, field } = filtersOf(["d", "businesses"], query, ["q", "standing"]);
	const asked = search(chosen);
	const pages = usePages(asked);
	const list = useLoad(`/businesses?${search({ limit: 50, ...chosen, cursor: pages.cursor })}`);
	const columns = {
		Name: (row) => html`<a href=${to(["b", row.id, "overview"])} dir="auto">${row.name}</a>`,
		Id: (row) => html`<code>${row.id}</code>`,
		Standing: (row) => html`<${State} of=${row.standing} />`,
	};
	return html`<${Head} title="Businesses">
			${may("businesses:write") && html`<${Opens} label="Add a business" tone="first" dialog=${Make} />`}
		<//>
		<${Filters}>
			${field("q", "Name or id contains", { type: "search" })}
			${field("standing", "Standing", { options: choices("all", ["active", "suspended", "deleted"]) })}
		<//>
		<${List} of=${list} name="businesses" caption="Businesses" columns=${columns} pages=${pages} empty=${asked ? "No business fits." : "There is no business yet."} />`;
}

function Make(dialog) {
	const { values, field } = useFields({ id: "", name: "", time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
	const make = () => ask("POST", "/businesses", { body: values });
	return html`<${FormDialog} ...${dialog} title="Add a business" label="Add" act=${make} then=${({ data }) => go(to(["b", data.id, "settings"]))}>
		${field("name", "Name", { required: true })}
		${field("id", "Id", { required: true, pattern: "[a-z0-9][a-z0-9\\-]*", hint: "Small letters, digits and hyphens. It stands in addresses and cannot be changed." })}
		${field("time_zone", "Time zone", { required: true })}
	<//>`;
}

/** The business itself. */
export function Profile({ business, may }) {
	const path = of(business, "");
	const profile = useLoad(path);
	return html`<${Head} title="Business" />
		<${Loaded} of=${profile}>
			${(data) => html`<section class="sheet" aria-label="Standing">
					<dl class="facts">
						<${Fact} name="Id"><code>${data.id}</code><//>
						<${Fact} name="Standing"><${State} of=${data.standing} /> ${data.since ? `since ${dateTime(data.since)}` : ""} ${data.reason ?? ""}<//>
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
	const text = (value) => String(value ?? "");
	const { minutes, micros } = profile.caps;
	const begin = {
		name: profile.name,
		time_zone: profile.time_zone,
		fallback_number: text(profile.fallback_number),
		max_concurrent_calls: text(profile.max_concurrent_calls),
		minutes: text(minutes),
		money: text(micros && micros / 1e6),
	};
	const { values, field } = useFields(begin);
	const changed = (...names) => names.some((name) => values[name] !== begin[name]);
	const save = async () => {
		const number = (value) => (value.trim() === "" ? null : Number(value));
		/** @type {Record<string, any>} */
		const change = {};
		for (const name of ["name", "time_zone"]) if (changed(name)) change[name] = values[name];
		if (changed("fallback_number")) change.fallback_number = values.fallback_number.trim() || null;
		if (changed("max_concurrent_calls")) change.max_concurrent_calls = number(values.max_concurrent_calls);
		if (changed("minutes", "money")) {
			const usd = number(values.money);
			change.caps = { minutes: number(values.minutes), micros: usd === null ? null : Math.round(usd * 1e6) };
		}
		await ask("PATCH", path, { body: change, headers: ifMatch(etag) });
		await reload();
	};
	const disabled = !may("business:write");
	const figure = { type: "number", min: 0, placeholder: "no cap", disabled };
	const stale = () => html`<button type="button" onClick=${() => reload()}>Show what it is now</button>`;
	return html`<${Form} class="sheet" aria-label="Profile" label="Save" stale=${stale} disabled=${disabled || !changed(...Object.keys(begin))} act=${save}>
		${field("name", "Name", { required: true, disabled, dir: "auto" })}
		${field("time_zone", "Time zone", { required: true, disabled, hint: "Such as Europe/Berlin" })}
		${field("fallback_number", "Number of a person", { type: "tel", disabled, hint: "Rings when the agent cannot answer" })}
		<div class="row">
			${field("max_concurrent_calls", "Calls at one time", { ...figure, min: 1, placeholder: "" })}
			${field("minutes", "Minutes in a month, at most", figure)}
			${field("money", "US dollars in a month, at most", { ...figure, step: "0.01" })}
		</div>
		<p></p>
	<//>`;
}
