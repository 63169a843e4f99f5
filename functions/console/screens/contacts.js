// The people whom the business knows: found by name, number or address, and narrowed down.
import { Badge, Field, Filters, Form, FormDialog, Head, List, Opens, ask, date, dateTime, filtersOf, go, html, of, search, text, to, useFields, useLoad, usePages, useState } from "../lib/all.js";
import { KINDS, statuses } from "./contact-people.js";


/** The filter that a search is: what is typed is a number, an address, or the beginnings of a name's words. */
function meant(typed) {
	const word = typed.trim();
	if (!word) return {};
	if (word.includes("@")) return { email: word };
	return /^\+?[\d\s().-]{5,}$/.test(word) ? { number: word } : { name: word };
}

export function Contacts({ query, business, may, who }) {
	const { chosen, field } = filtersOf(["b", business, "contacts"], query, ["q", "status", "tag", "owner"]);
	const { q, ...filters } = chosen;
	const pipeline = useLoad(of(business, "/contacts/pipeline"));
	const asked = search({ limit: 50, ...meant(q), ...filters });
	const pages = usePages(asked);
	const list = useLoad(of(business, `/contacts?${asked}${pages.cursor && `&${search({ cursor: pages.cursor })}`}`), 10_000);
	const columns = {
		Name: (one) => html`<a href=${to(["b", business, "contacts", one.id])}>${one.name ? text(one.name.value) : "without a name"}</a>${one.company && html`<br /><small>${text(one.company.value)}</small>`}`,
		"Reached by": (one) => one.handles.map((handle, n) => html`${n > 0 && html`<br />`}<bdi>${handle.value}</bdi>`),
		Lead: (one) => html`<${Badge} tone=${KINDS[one.lead.kind]}>${one.lead.label}<//>${one.lead.suggestion && html` <${Badge} tone="busy">suggestion<//>`}`,
		Tags: (one) => one.tags.map((tag) => html`<${Badge}>${text(tag)}<//> `),
		"Last call": (one) => (one.last_call ? html`<a href=${to(["b", business, "calls", one.last_call.call])}>${dateTime(one.last_call.at)}</a>` : "–"),
		Since: (one) => date(one.created_at),
	};
	const any = Object.values(chosen).some(Boolean);
	return html`<${Head} title="Contacts">
			<div class="row">
				<a class="button" href=${to(["b", business, "contacts", "files"])}>Import and export</a>
				<a class="button" href=${to(["b", business, "contacts", "setup"])}>Fields and statuses</a>
				${may("contacts:write") && html`<${Opens} label="New contact" tone="first" dialog=${NewContact} business=${business} />`}
			</div>
		<//>
		<${Filters}>
			<${Search} key=${q} value=${q} onSearch=${(q) => go(to(["b", business, "contacts"], { ...chosen, q }), true)} />
			${field("status", "Lead", { options: [["", "any"], ...statuses(pipeline)] })}
			${field("tag", "Tag")}
			${field("owner", "Looked after by", { options: [["", "anyone"], [who.key, "me"]] })}
			<a class="button" href=${to(["b", business, "contacts"])}>All contacts</a>
		<//>
		<${List} of=${list} name="contacts" caption="Contacts" columns=${columns} pages=${pages} empty=${list.data?.next ? "No contact fits so far." : any ? "No contact fits." : "No contacts yet. The first call or text of a person makes one."} />`;
}

function Search({ value, onSearch }) {
	const [typed, set] = useState(value);
	return html`<${Form} class="row" tone="" label="Search" act=${async () => onSearch(typed.trim())}>
		<${Field} label="Name, number or e-mail" type="search" value=${typed} onInput=${set} dir="auto" />
	<//>`;
}

function NewContact({ business, ...dialog }) {
	const { values, field } = useFields({ name: "", phone: "", email: "", company: "" });
	const make = (headers) => {
		const { name, company, ...reached } = values;
		const handles = Object.entries(reached).filter(([, value]) => value.trim()).map(([kind, value]) => ({ kind, value: value.trim() }));
		return ask("POST", of(business, "/contacts"), { headers, body: { ...(name.trim() && { name: name.trim() }), ...(company.trim() && { company: company.trim() }), handles } });
	};
	return html`<${FormDialog} ...${dialog} title="New contact" label="Make it" act=${make} then=${({ data }) => go(to(["b", business, "contacts", data.id]))} disabled=${!Object.values(values).some((value) => value.trim())}>
		${field("name", "Name", { maxlength: 100, dir: "auto" })}
		${field("phone", "Number", { type: "tel", placeholder: "+12025550187" })}
		${field("email", "E-mail", { type: "email" })}
		${field("company", "Company", { maxlength: 100, dir: "auto" })}
	<//>`;
}
