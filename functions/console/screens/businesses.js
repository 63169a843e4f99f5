import { html, useState } from "../lib/dom.js";
import { ask } from "../lib/api.js";
import { useAction, useLoad, usePages } from "../lib/hooks.js";
import { go, search, to } from "../lib/route.js";
import { Badge, Dialog, Empty, Field, Loaded, Pages, Table, Trouble } from "../lib/ui.js";

/** Every business of the deployment, for operators. */
export function Businesses({ may, query }) {
	const [making, setMaking] = useState(false);
	const chosen = { q: query.get("q") ?? "", standing: query.get("standing") ?? "" };
	const pages = usePages();
	const list = useLoad(`/businesses?${search({ limit: 50, ...chosen, cursor: pages.cursor })}`);
	const set = (name) => (value) => {
		pages.restart();
		go(to(["d", "businesses"], { ...chosen, [name]: value }), true);
	};
	const columns = [
		{ name: "Name", cell: (row) => html`<a href=${to(["b", row.id, "overview"])} dir="auto">${row.name}</a>` },
		{ name: "Id", cell: (row) => html`<code>${row.id}</code>` },
		{ name: "Standing", cell: (row) => html`<${Badge} tone=${row.standing === "active" ? "good" : "bad"}>${row.standing}<//>` },
	];
	return html`<header>
			<h1 tabindex="-1">Businesses</h1>
			${may("businesses:write") && html`<button type="button" class="first" onClick=${() => setMaking(true)}>Add a business</button>`}
		</header>
		<div class="sheet row" role="search">
			<${Field} label="Name or id contains" type="search" value=${chosen.q} onInput=${set("q")} />
			<${Field} label="Standing" value=${chosen.standing} onInput=${set("standing")} options=${["", "active", "suspended", "deleted"].map((value) => ({ value, label: value || "all" }))} />
		</div>
		<${Loaded} of=${list}>
			${(data) => html`${data.businesses.length === 0
					? html`<${Empty}>${chosen.q || chosen.standing ? "No business fits." : "There is no business yet."}<//>`
					: html`<div class="sheet"><${Table} caption="Businesses" columns=${columns} rows=${data.businesses} id=${(row) => row.id} /></div>`}
				<${Pages} of=${pages} next=${data.next} />`}
		<//>
		${making && html`<${Make} onClose=${() => setMaking(false)} />`}`;
}

function Make({ onClose }) {
	const [wish, setWish] = useState({ id: "", name: "", time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone });
	const set = (name) => (value) => setWish({ ...wish, [name]: value });
	const { submit, busy, problem } = useAction(async () => {
		const { data } = await ask("POST", "/businesses", { body: wish });
		onClose();
		go(to(["b", data.id, "settings"]));
	});
	return html`<${Dialog} title="Add a business" onClose=${onClose}>
		<form onSubmit=${submit}>
			<${Field} label="Name" required value=${wish.name} onInput=${set("name")} />
			<${Field} label="Id" required value=${wish.id} onInput=${set("id")} pattern="[a-z0-9][a-z0-9\\-]*" hint="Small letters, digits and hyphens. It stands in addresses and cannot be changed." />
			<${Field} label="Time zone" required value=${wish.time_zone} onInput=${set("time_zone")} />
			<${Trouble} of=${problem} />
			<footer>
				<button type="button" onClick=${onClose}>Cancel</button>
				<button class="first" disabled=${busy}>Add</button>
			</footer>
		</form>
	<//>`;
}
