// Where leads come from: forms whose programs tell the business of each person who fills one in.
import { Check, Copy, FormDialog, Head, List, Opens, State, ask, dateTime, html, ifMatch, of, text, to, useFields, useLoad, useState, words } from "../lib/all.js";

const PROOFS = ["secret", "standard_webhooks", "body_hmac"];

export function Leads({ business, may }) {
	const path = of(business, "/lead-sources");
	const sources = useLoad(path, 30_000);
	const [made, setMade] = useState(null);
	const added = async ({ data }) => {
		setMade(data);
		await sources.reload();
	};
	const columns = {
		Name: (one) => html`<a href=${to(["b", business, "leads", one.id])}>${text(one.name)}</a>`,
		State: (one) => html`<${State} of=${one.enabled ? "active" : "disabled"} />`,
		Proof: (one) => words(one.proof),
		"Called at once": (one) => (one.call_now ? html`from <bdi>${one.call_now.from}</bdi>` : "no"),
		Made: (one) => dateTime(one.created_at),
	};
	return html`<${Head} title="Leads">
			${may("leads:write") && html`<${Opens} label="Add a source" tone="first" dialog=${EditSource} path=${path} then=${added} />`}
		<//>
		<p>Each person who fills in a form becomes a contact, once, and may be called at once.</p>
		${made && html`<${Secret} of=${made} />`}
		<${List} of=${sources} name="sources" caption="Sources" columns=${columns} empty="No source yet: add one, and send what a form collects to its address." />`;
}

/** A secret that was just made. */
export const Secret = ({ of: made }) => html`<${Copy} text=${made.secret} label="Copy the secret">What is sent to <bdi>${made.url}</bdi> proves itself in <code>${made.proof_header}</code>. The secret is shown once: keep it where secrets are kept.<//>`;

/** The ways of a mapping, a part on a line. */
const lines = (mapping) => Object.entries(mapping).map(([part, ways]) => `${part} = ${ways.join(", ")}`).join("\n");

/** A mapping of lines; one without a sign is a part without ways, which the API then says something of. */
function mappingOf(lines) {
	const pairs = lines.split("\n").filter((line) => line.trim()).map((line) => {
		const [part, ...ways] = line.split("=");
		return [part.trim(), ways.join("=").split(",").map((way) => way.trim()).filter(Boolean)];
	});
	return Object.fromEntries(pairs);
}

/** Asks what a source is to be; without `begin` it is a new one. */
export function EditSource({ path, begin, etag, ...dialog }) {
	// What was seen when it opened is what is changed, however often it is read behind it.
	const [seen] = useState(etag);
	const { values, change, field } = useFields({
		name: begin?.name ?? "",
		proof: begin?.proof ?? "secret",
		mapping: lines(begin?.mapping ?? {}),
		country: begin?.country ?? "",
		status: begin?.status ?? "",
		tags: begin?.tags.join(", ") ?? "",
		consent: begin?.consent ?? "",
		from: begin?.call_now?.from ?? "",
		reason: begin?.call_now?.reason ?? "",
		sells: begin?.purpose === "marketing",
	});
	const save = (headers) => {
		const or = (value) => value.trim() || null;
		const body = {
			name: values.name,
			proof: values.proof,
			mapping: mappingOf(values.mapping),
			country: or(values.country),
			status: or(values.status),
			tags: values.tags.split(",").map((tag) => tag.trim()).filter(Boolean),
			purpose: values.sells ? "marketing" : "service",
			consent: or(values.consent),
			call_now: or(values.from) && { from: values.from.trim(), reason: or(values.reason) },
		};
		return begin ? ask("PATCH", path, { headers: ifMatch(seen), body }) : ask("POST", path, { headers, body });
	};
	return html`<${FormDialog} ...${dialog} title=${begin ? "Change the source" : "Add a source"} label=${begin ? "Change it" : "Add it"} act=${save} stale=${() => "Close this, and change it as it is now."}>
		${field("name", "Name", { required: true, maxlength: 100 })}
		${field("proof", "How what is sent proves itself", { options: PROOFS.map((one) => [one, words(one)]) })}
		${field("mapping", "Where things stand in it", { rows: 3, dir: "ltr", placeholder: "phone = contact.phone, answers[0].value", hint: "A part on a line; empty: by their names" })}
		${field("country", "Country of numbers without a code", { maxlength: 2, dir: "ltr", placeholder: "US" })}
		${field("status", "Status in the pipeline", { maxlength: 40, dir: "ltr" })}
		${field("tags", "Tags", { hint: "With commas between them" })}
		${field("consent", "What people agree to with the form", { rows: 2, maxlength: 500 })}
		<${Check} label="It is to sell something" hint="then nobody is called who has not agreed" checked=${values.sells} onChange=${change("sells")} />
		${field("from", "Call at once from", { type: "tel", dir: "ltr", hint: "A number of the business; empty: nobody is called" })}
		${field("reason", "Why, for the agent to say", { maxlength: 200 })}
	<//>`;
}
