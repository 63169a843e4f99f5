// One contact: what is known of the person and on what it stands, how far the lead is, what is to be done, and what happened.
import { Ask, Badge, Fact, Head, Loaded, Opens, Sheet, ask, date, dateTime, go, html, ifMatch, later, of, once, text, to, useLoad, words } from "../lib/all.js";
import { Lead } from "./contact-lead.js";
import { Timeline } from "./contact-timeline.js";
import { HANDLES, POLICIES, personOf, usePeople } from "./contact-people.js";

const EditContact = later("contact-edit EditContact");
const ExportPerson = later("contact-export ExportPerson");
const Merges = later("contact-merge Merges");
const Tasks = later("contact-tasks Tasks");
/** Screens beside the contacts, by their addresses. */
const OTHERS = { setup: later("contacts-setup Setup"), files: later("contacts-files Files") };

/** The contact of the address, or what contacts have in this business. */
export const ContactPage = (props) => (Object.hasOwn(OTHERS, props.one) ? html`<${OTHERS[props.one]} ...${props} />` : html`<${One} ...${props} />`);

function One({ business, one: id, may, who }) {
	const path = of(business, `/contacts/${encodeURIComponent(id)}`);
	const contact = useLoad(path, 10_000);
	const people = usePeople(business, may, who);
	const name = contact.data?.name?.value;
	return html`<${Head} title=${name ? text(name) : contact.data ? "Without a name" : "Contact"}>
			<p class="small"><a href=${to(["b", business, "contacts"])}>All contacts</a></p>
		<//>
		<${Loaded} of=${contact}>
			${(data) => {
				// A contact that was merged leads to the one that it went into, whose id is another.
				const one = { business, may, who, people, contact: data, etag: contact.etag, path: of(business, `/contacts/${data.id}`), reload: contact.reload };
				return html`${data.id !== id && html`<p class="notice">The contact of this address was merged into this one.</p>`}
					<div class="columns">
						<div class="stack"><${Known} ...${one} /><${Lead} ...${one} /><${Merges} ...${one} /></div>
						<div class="stack"><${Tasks} ...${one} /><${Timeline} ...${one} /></div>
					</div>`;
			}}
		<//>`;
}

const SOURCES = { person: "typed by a person", call: "said in a call", import: "imported", profile: "from the profile", caller_name: "from the network" };

/** What something stands on. */
function Source({ of: known, business }) {
	const said = `${SOURCES[known.source] ?? words(known.source)}, ${date(known.at)}${known.confidence === null || known.confidence === undefined ? "" : `, ${known.confidence} % sure`}`;
	return html`<small>${known.call ? html`<a href=${to(["b", business, "calls", known.call])}>${said}</a>` : said}${known.quote && html` ${text(`“${known.quote}”`)}`}</small>`;
}

/** A value of a field, as people write it. */
const written = (value, spec) => (Array.isArray(value) ? value.join(", ") : typeof value === "boolean" ? (value ? "yes" : "no") : spec?.kind === "datetime" ? dateTime(value) : value);

function Value({ of: value, spec }) {
	// What people typed as an address leads there, if it is one of the web's.
	if (spec?.kind === "url" && /^https?:\/\//i.test(value)) return html`<a href=${value} target="_blank" rel="noopener noreferrer">${value}</a>`;
	return text(written(value, spec));
}

function Known({ business, may, people, contact, etag, path, reload }) {
	const specs = useLoad(of(business, "/contacts/fields"));
	const fact = (name, known, shown = text(known?.value)) => known && html`<${Fact} name=${name}>${shown} <${Source} of=${known} business=${business} /><//>`;
	const fields = Object.entries(contact.fields).map(([key, known]) => ({ key, known, spec: specs.data?.fields.find((spec) => spec.key === key) }));
	const phones = contact.handles.filter(({ kind }) => kind === "phone");
	return html`<${Sheet} title="What is known">
		<dl class="facts">
			${contact.names.map((known, n) => fact(n ? "Also called" : "Name", known))}
			${contact.handles.map(({ kind, value }) => html`<${Fact} name=${HANDLES[kind] ?? words(kind)}><bdi>${value}</bdi><//>`)}
			${fact("Company", contact.company)} ${fact("Language", contact.language)} ${fact("Time zone", contact.time_zone)}
			${fields.map(({ key, known, spec }) => fact(spec?.label ?? key, known, html`<${Value} of=${known.value} spec=${spec} />`))}
			<${Fact} name="Name in calls">${POLICIES[contact.name_policy] ?? POLICIES.ask}<//>
			<${Fact} name="Looked after by">${personOf(people, contact.owner)}<//>
			<${Fact} name="Tags">${contact.tags.length ? contact.tags.map((tag) => html`<${Badge}>${text(tag)}<//> `) : "–"}<//>
			${contact.last_call && html`<${Fact} name="Last call"><a href=${to(["b", business, "calls", contact.last_call.call])}>${dateTime(contact.last_call.at)}</a>: ${contact.last_call.summary}<//>`}
			<${Fact} name="Known since">${dateTime(contact.created_at)}<//>
		</dl>
		<div class="row">
			${phones.map(({ value }) => may("calls:read") && html`<a class="button" href=${to(["b", business, "calls"], { party: value })}>Calls with <bdi>${value}</bdi></a>`)}
			${may("appointments:write") && html`<a class="button" href=${to(["b", business, "calendar"], { name: contact.name?.value, number: phones[0]?.value, contact: contact.id })}>Book a time</a>`}
			${may("contacts:write") &&
			html`<${Opens} label="Edit" tone="first" disabled=${!specs.data} dialog=${EditContact} path=${path} contact=${contact} etag=${etag} people=${people} specs=${specs.data?.fields ?? []} then=${reload} />
				<${Ask} label="Delete" question="The contact, its notes, its tasks and its timeline are deleted. Calls and what was said in them stay. A next call of the person makes a new contact." act=${() => ask("DELETE", path, { headers: ifMatch(etag) })} then=${() => go(to(["b", business, "contacts"]))} />`}
			${may("contacts:export") && html`<${Opens} label="Export the person" dialog=${ExportPerson} path=${path} />`}
			${may("contacts:erase") &&
			html`<${Ask} label="Erase the person" question="All that is kept of the person is erased, in every place: calls lose their number, words and recordings, texts and appointments go. What is under legal hold stays. It cannot be taken back." act=${() => ask("POST", `${path}/erasure`, { body: { confirm: contact.id }, headers: once() })} then=${() => go(to(["b", business, "contacts"]))} />`}
		</div>
	<//>`;
}
