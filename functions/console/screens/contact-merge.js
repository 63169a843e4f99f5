// Contacts that may be the same person, and merges that can be undone.
import { Check, Form, FormDialog, Loaded, Opens, Sheet, ask, html, ifMatch, of, text, to, useLoad, useState } from "../lib/all.js";

const LIKENESS = { named_handle: "a field of one holds a number or an address of the other", same_name_and_company: "the same name and company", same_name: "the same name" };

export function Merges({ business, may, contact, etag, path, reload }) {
	const candidates = useLoad(`${path}/candidates`);
	const again = async () => {
		await Promise.all([candidates.reload(), reload()]);
	};
	const found = candidates.data?.candidates ?? [];
	if (!found.length && !contact.merged.length && !candidates.problem) return null;
	const part = (other) => async () => {
		await ask("POST", `${path}/unmerge`, { headers: ifMatch(etag), body: { other } });
		await again();
	};
	const stale = () => html`<button type="button" onClick=${() => again()}>See how it is now</button>`;
	return html`<${Sheet} title="Perhaps the same person">
		<${Loaded} of=${candidates}>
			${() => html`<ul class="findings">${found.map(({ contact: other, likeness }) => html`<li key=${other.id} class="row">
				<span class="grow"><a href=${to(["b", business, "contacts", other.id])}>${text(other.name?.value ?? "without a name")}</a> <small>${other.handles.map(({ value }) => html`<bdi>${value}</bdi>, `)}${LIKENESS[likeness] ?? likeness}</small></span>
				${may("contacts:write") && html`<${Opens} label="Merge" dialog=${Merge} path=${path} contact=${contact} etag=${etag} other=${other} stale=${stale} then=${again} />`}
			</li>`)}</ul>`}
		<//>
		${contact.merged.map((other) => html`<div key=${other} class="row"><span class="grow">Merged with <code>${other}</code></span>${may("contacts:write") && html`<${Form} tone="" label="Undo the merge" stale=${stale} act=${part(other)} />`}</div>`)}
	<//>`;
}

const PARTS = { name: "Name", name_policy: "Name in calls", language: "Language", time_zone: "Time zone", company: "Company", owner: "Looked after by", lead: "Lead" };
const shown = (known) => (Array.isArray(known?.value) ? known.value.join(", ") : String(known?.label ?? known?.value ?? known ?? "–"));

/** Where both know something else, a person chooses. */
function Merge({ path, contact, etag, other, ...dialog }) {
	const [theirs, setTheirs] = useState(/** @type {string[]} */ ([]));
	const parts = Object.entries(PARTS).map(([name, label]) => ({ name, label, mine: contact[name], theirs: other[name] }));
	const fields = Object.keys(other.fields).map((key) => ({ name: `fields.${key}`, label: key, mine: contact.fields[key], theirs: other.fields[key] }));
	const differ = [...parts, ...fields].filter(({ mine, theirs }) => mine && theirs && shown(mine) !== shown(theirs));
	const merge = () => ask("POST", `${path}/merge`, { headers: ifMatch(etag), body: { other: other.id, choose: theirs } });
	const choose = (name) => (on) => setTheirs(on ? [...theirs, name] : theirs.filter((one) => one !== name));
	return html`<${FormDialog} ...${dialog} title="Merge two contacts" label="Merge them" act=${merge}>
		<p>This contact stays and gets what the other one has: its numbers and addresses, notes, tasks and history. It can be undone for 30 days.</p>
		${differ.length > 0 && html`<p>Where both know something else, this contact's stands, unless you take the other's:</p>
			${differ.map((one) => html`<${Check} key=${one.name} label=${html`${one.label}: take ${text(shown(one.theirs))} in place of ${text(shown(one.mine))}`} checked=${theirs.includes(one.name)} onChange=${choose(one.name)} />`)}`}
	<//>`;
}
