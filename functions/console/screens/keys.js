import { Ask, Badge, Check, Copy, FormDialog, Head, List, Opens, State, ask, date, html, of, once, useFields, useLoad, useState } from "../lib/all.js";

export const ROLES = [
	["viewer", "Viewer: sees calls and settings, hears no conversation"],
	["agent", "Agent: places and steers calls, hears recordings"],
	["admin", "Admin: sets the business up"],
	["owner", "Owner: everything, keys and caps included"],
	["", "Chosen scopes"],
];

/** The keys of a business, or the operators' own. */
export function Keys({ business, who, may }) {
	const path = business ? of(business, "/keys") : "/keys";
	const keys = useLoad(path);
	const [made, setMade] = useState(null);
	const good = (key) => !key.revoked_at && !(key.expires_at && Date.parse(key.expires_at) < Date.now());
	const shown = async (answer) => {
		setMade(answer.data);
		await keys.reload();
	};
	const columns = {
		Name: (key) => html`<span dir="auto">${key.name}</span>${key.id === who.key && html` <${Badge}>yours<//>`}<br /><code>${key.shown}</code>`,
		State: (key) => html`<${State} of=${key.revoked_at ? "revoked" : good(key) ? "good" : "expired"} />`,
		Scopes: (key) => html`<details><summary>${key.scopes.length}</summary>${key.scopes.join(", ")}</details>`,
		Made: (key) => date(key.created_at),
		Ends: (key) => (key.expires_at ? date(key.expires_at) : "never"),
		"Last used": (key) => key.last_used ?? "never",
		"": (key) =>
			may("keys:write") &&
			good(key) &&
			html`<div class="row">
				${!key.replaced_by && html`<${Ask} label="Rotate" tone="" question="A new key takes its place; the old one stays good for a day." act=${() => ask("POST", `${path}/${key.id}/rotate`, { body: {}, headers: once() })} then=${shown} />`}
				<${Ask} label="Revoke" question=${key.id === who.key ? "You are signed in with this key: you are signed out at once." : "It opens nothing from now on."} act=${() => ask("DELETE", `${path}/${key.id}`)} then=${keys.reload} />
			</div>`,
	};
	return html`<${Head} title=${business ? "Keys" : "Operators' keys"}>
			${may("keys:write") && html`<${Opens} label="Make a key" tone="first" dialog=${Make} path=${path} who=${who} business=${business} then=${shown} />`}
		<//>
		${made && html`<${Copy} text=${made.key} label="Copy the key"><strong dir="auto">${made.name}</strong>: the key is shown once. Keep it where secrets are kept.<//>`}
		<${List} of=${keys} name="keys" caption="Keys" columns=${columns} empty="There is only the first key, which lies in the deployment’s secret." />`;
}

function Make({ path, who, business, ...dialog }) {
	const { values, change, field } = useFields({ name: "", role: business ? "viewer" : "", scopes: /** @type {string[]} */ ([]), networks: "", ends: "" });
	const { name, role, scopes, networks, ends } = values;
	const make = (headers) => {
		const body = {
			name,
			...(role ? { role } : { scopes }),
			...(networks.trim() && { networks: networks.trim().split(/[\s,]+/) }),
			...(ends && { expires_at: new Date(ends).toISOString() }),
		};
		return ask("POST", path, { headers, body });
	};
	const choose = (scope) => (on) => change("scopes")(on ? [...scopes, scope] : scopes.filter((other) => other !== scope));
	return html`<${FormDialog} ...${dialog} title="Make a key" label="Make it" act=${make}>
		${field("name", "Name", { required: true, hint: "Who or what uses it" })}
		${business && field("role", "May do", { options: ROLES })}
		${!role &&
		html`<fieldset class="grid">
			<legend>Scopes</legend>
			${who.scopes.map((scope) => html`<${Check} key=${scope} label=${scope} checked=${scopes.includes(scope)} onChange=${choose(scope)} />`)}
		</fieldset>`}
		${field("networks", "Networks", { placeholder: "from anywhere", hint: "Such as 203.0.113.0/24; several with spaces between them" })}
		${field("ends", "Ends", { type: "datetime-local" })}
	<//>`;
}
