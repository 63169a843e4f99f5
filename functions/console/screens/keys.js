import { html, useRef, useState } from "../lib/dom.js";
import { ask, of, once } from "../lib/api.js";
import { useAction, useLoad } from "../lib/hooks.js";
import { date } from "../lib/format.js";
import { Ask, Badge, Check, Copy, Dialog, Field, Loaded, Table, Trouble } from "../lib/ui.js";

const ROLES = [
	{ value: "viewer", label: "Viewer: sees calls and settings, hears no conversation" },
	{ value: "agent", label: "Agent: places and steers calls, hears recordings" },
	{ value: "admin", label: "Admin: sets the business up" },
	{ value: "owner", label: "Owner: everything, keys and caps included" },
	{ value: "", label: "Chosen scopes" },
];

/** The keys of a business, or the operators' own. */
export function Keys({ business, who, may }) {
	const path = business ? of(business, "/keys") : "/keys";
	const keys = useLoad(path);
	const [making, setMaking] = useState(false);
	const [made, setMade] = useState(/** @type {any} */ (null));
	const good = (key) => !key.revoked_at && !(key.expires_at && Date.parse(key.expires_at) < Date.now());
	const shown = async (answer) => {
		setMade(answer.data);
		await keys.reload();
	};
	const columns = [
		{ name: "Name", cell: (key) => html`<span dir="auto">${key.name}</span>${key.id === who.key && html` <${Badge}>yours<//>`}<br /><code>${key.shown}</code>` },
		{ name: "State", cell: (key) => html`<${Badge} tone=${good(key) ? "good" : "bad"}>${key.revoked_at ? "revoked" : good(key) ? "good" : "expired"}<//>` },
		{ name: "Scopes", cell: (key) => html`<details><summary>${key.scopes.length}</summary>${key.scopes.join(", ")}</details>` },
		{ name: "Made", cell: (key) => date(key.created_at) },
		{ name: "Ends", cell: (key) => (key.expires_at ? date(key.expires_at) : "never") },
		{ name: "Last used", cell: (key) => key.last_used ?? "never" },
		{
			name: "",
			cell: (key) =>
				may("keys:write") &&
				good(key) &&
				html`<div class="row">
					${!key.replaced_by && html`<${Ask} label="Rotate" tone="" question="A new key takes its place; the old one stays good for a day." act=${() => ask("POST", `${path}/${key.id}/rotate`, { body: {}, headers: once() })} then=${shown} />`}
					<${Ask} label="Revoke" question=${key.id === who.key ? "You are signed in with this key: you are signed out at once." : "It opens nothing from now on."} act=${() => ask("DELETE", `${path}/${key.id}`)} then=${keys.reload} />
				</div>`,
		},
	];
	return html`<header>
			<h1 tabindex="-1">${business ? "Keys" : "Operators' keys"}</h1>
			${may("keys:write") && html`<button type="button" class="first" onClick=${() => setMaking(true)}>Make a key</button>`}
		</header>
		${made && html`<div class="notice" role="status"><p><strong dir="auto">${made.name}</strong>: the key is shown once. Keep it where secrets are kept.</p><${Copy} text=${made.key} label="Copy the key" /></div>`}
		<${Loaded} of=${keys}>${(data) => html`<div class="sheet"><${Table} caption="Keys" columns=${columns} rows=${data.keys} id=${(key) => key.id} /></div>`}<//>
		${making && html`<${Make} path=${path} who=${who} business=${business} onClose=${() => setMaking(false)} onMade=${shown} />`}`;
}

function Make({ path, who, business, onClose, onMade }) {
	const [wish, setWish] = useState({ name: "", role: business ? "viewer" : "", scopes: /** @type {string[]} */ ([]), networks: "", ends: "" });
	const same = useRef(once());
	const { submit, busy, problem } = useAction(async () => {
		const answer = await ask("POST", path, {
			headers: same.current,
			body: {
				name: wish.name,
				...(wish.role ? { role: wish.role } : { scopes: wish.scopes }),
				...(wish.networks.trim() && { networks: wish.networks.trim().split(/[\s,]+/) }),
				...(wish.ends && { expires_at: new Date(wish.ends).toISOString() }),
			},
		});
		onClose();
		onMade(answer);
	});
	const set = (name) => (value) => {
		same.current = once();
		setWish({ ...wish, [name]: value });
	};
	return html`<${Dialog} title="Make a key" onClose=${onClose}>
		<form onSubmit=${submit}>
			<${Field} label="Name" required value=${wish.name} onInput=${set("name")} hint="Who or what uses it" />
			${business && html`<${Field} label="May do" value=${wish.role} onInput=${set("role")} options=${ROLES} />`}
			${!wish.role &&
			html`<fieldset class="grid">
				<legend>Scopes</legend>
				${who.scopes.map((scope) => html`<${Check} key=${scope} label=${scope} checked=${wish.scopes.includes(scope)} onChange=${(on) => set("scopes")(on ? [...wish.scopes, scope] : wish.scopes.filter((other) => other !== scope))} />`)}
			</fieldset>`}
			<${Field} label="Networks" value=${wish.networks} onInput=${set("networks")} placeholder="from anywhere" hint="Such as 203.0.113.0/24; several with spaces between them" />
			<${Field} label="Ends" type="datetime-local" value=${wish.ends} onInput=${set("ends")} />
			<${Trouble} of=${problem} />
			<footer>
				<button type="button" onClick=${onClose}>Cancel</button>
				<button class="first" disabled=${busy}>Make it</button>
			</footer>
		</form>
	<//>`;
}
