// Endpoints: where the business is told what happened.
import { Check, Copy, FormDialog, Head, List, Opens, State, ask, dateTime, html, ifMatch, of, text, to, useFields, useLoad, useState, words } from "../lib/all.js";

const CALLS = ["all", "inbound", "outbound", "no_other"];
const CALLS_OPTIONS = CALLS.map((one) => [one, one === "all" ? "all calls" : one === "no_other" ? "calls that no other endpoint is told of" : `${one} calls`]);

/** How an endpoint fares, in one word. */
export const standing = ({ enabled, failing_since }) => (!enabled ? "disabled" : failing_since ? "failing" : "active");

export function Endpoints({ business, may }) {
	const path = of(business, "/endpoints");
	const endpoints = useLoad(path, 30_000);
	const [made, setMade] = useState(null);
	const added = async ({ data }) => {
		setMade(data);
		await endpoints.reload();
	};
	const columns = {
		Address: (one) => html`<a href=${to(["b", business, "endpoints", one.id])}><bdi>${one.url}</bdi></a>${one.description && html`<br />${text(one.description)}`}`,
		State: (one) => html`<${State} of=${standing(one)} />`,
		Events: (one) => html`<code>${one.types.join(" ")}</code>`,
		Calls: (one) => words(one.calls),
		Made: (one) => dateTime(one.created_at),
	};
	return html`<${Head} title="Endpoints">
			${may("endpoints:write") && html`<${Opens} label="Add an endpoint" tone="first" dialog=${EditEndpoint} path=${path} then=${added} />`}
		<//>
		<p>Each event is sent to the endpoints that want it, signed, and again for three days if it is not taken.</p>
		${made && html`<${Secret} of=${made} />`}
		<${List} of=${endpoints} name="endpoints" caption="Endpoints" columns=${columns} empty="No endpoint yet: events can be read from the list of events." />`;
}

/** A secret that was just made. */
export const Secret = ({ of: made }) => html`<${Copy} text=${made.secret} label="Copy the secret"><bdi>${made.url}</bdi>: the secret that signs its events is shown once. Keep it where secrets are kept.<//>`;

/** Asks what an endpoint is to be; without `begin` it is a new one. */
export function EditEndpoint({ path, begin, etag, ...dialog }) {
	// What was seen when it opened is what is changed, however often it is read behind it.
	const [seen] = useState(etag);
	const { values, change, field } = useFields({
		url: begin?.url ?? "",
		description: begin?.description ?? "",
		types: begin?.types.join(" ") ?? "*",
		calls: begin?.calls ?? "all",
		headers: "",
		bare: false,
	});
	const save = (headers) => {
		const { bare, headers: lines, types, ...rest } = values;
		const pairs = lines.split("\n").filter((line) => line.trim()).map(pair);
		const sent = bare ? {} : pairs.length ? Object.fromEntries(pairs) : undefined;
		const body = { ...rest, url: rest.url.trim(), types: types.split(/[\s,]+/).filter(Boolean), headers: sent };
		return begin ? ask("PATCH", path, { headers: ifMatch(seen), body }) : ask("POST", path, { headers, body });
	};
	return html`<${FormDialog} ...${dialog} title=${begin ? "Change the endpoint" : "Add an endpoint"} label=${begin ? "Change it" : "Add it"} act=${save} stale=${() => "Close this, and change it as it is now."}>
		${field("url", "Address", { type: "url", required: true, dir: "ltr", autocomplete: "off", maxlength: 2_000, hint: "By https, in a public network" })}
		${field("description", "Description", { maxlength: 200 })}
		${field("types", "Events", { required: true, dir: "ltr", hint: "* for all, call.* for those of calls, or types with spaces between them" })}
		${field("calls", "Of which calls", { options: CALLS_OPTIONS })}
		${field("headers", "Headers to send along", { rows: 2, dir: "ltr", placeholder: "X-Gateway-Key: …", hint: begin?.headers.length ? `Now ${begin.headers.join(", ")}; their values are not shown. What is written here replaces all of them` : "One on a line; their values are not shown again" })}
		${begin?.headers.length > 0 && html`<${Check} label="Send no headers along any more" checked=${values.bare} onChange=${change("bare")} />`}
	<//>`;
}

/** A header of a line; without a colon the line is its name, which the API then says something of. */
function pair(line) {
	const [name, ...value] = line.split(":");
	return [name.trim(), value.join(":").trim()];
}
