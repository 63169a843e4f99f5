// What a business offers: its calendars with their feeds, and its services.
import { Ask, Badge, Check, Copy, Dialog, Form, Head, List, Opens, Sheet, ask, html, later, of, text, to, useLoad, useState } from "../lib/all.js";

const EditCalendar = later("calendar-edit EditCalendar");
const Sources = later("calendar-sources Sources");
const EditService = later("service-edit EditService");

export function Offers({ business, may }) {
	const base = of(business, "/appointments");
	const calendars = useLoad(`${base}/calendars`);
	const services = useLoad(`${base}/services`);
	const mayWrite = may("settings:write");
	const all = calendars.data?.calendars ?? [];
	const nameOf = (id) => all.find((calendar) => calendar.id === id)?.name ?? id;
	const offered = (one) => html`<${Badge} tone=${one.active ? "good" : ""}>${one.active ? "offered" : "not offered"}<//>`;
	const ofCalendars = {
		Calendar: (one) => html`<a href=${to(["b", business, "calendar"], { calendar: one.id })}>${text(one.name)}</a><br /><code>${one.id}</code>`,
		"Time zone": (one) => one.time_zone.replaceAll("_", " "),
		Seats: (one) => one.seats,
		State: offered,
		"": (one) =>
			mayWrite &&
			html`<div class="row">
				<${Opens} label="Edit" dialog=${Edited} of=${EditCalendar} path=${`${base}/calendars/${one.id}`} then=${calendars.reload} />
				<${Opens} label="Other calendars" dialog=${Sources} path=${`${base}/calendars/${one.id}/sources`} calendar=${one} />
				<${Opens} label="Feed" dialog=${Feed} path=${`${base}/calendars/${one.id}/feed`} calendar=${one} />
			</div>`,
	};
	const ofServices = {
		Service: (one) => html`${text(one.name)}<br /><code>${one.id}</code>`,
		"Length, minutes": (one) => one.minutes,
		Price: (one) => text(one.price ?? "–"),
		In: (one) => text([...one.calendars, ...one.resources].map(nameOf).join(", ")),
		State: offered,
		"": (one) => mayWrite && html`<${Opens} label="Edit" dialog=${Edited} of=${EditService} business=${business} path=${`${base}/services/${one.id}`} calendars=${all} then=${services.reload} />`,
	};
	return html`<${Head} title="Calendars and services"><p class="small"><a href=${to(["b", business, "calendar"])}>The week</a></p><//>
		<${Sheet} title="Calendars">
			<${List} of=${calendars} name="calendars" caption="Calendars" columns=${ofCalendars} numbers=${["Seats"]} empty="No calendar yet. A calendar is a person, a room or a machine whose time is taken." />
			${mayWrite && html`<p></p><${Opens} label="New calendar" tone="first" dialog=${EditCalendar} path=${`${base}/calendars`} then=${calendars.reload} />`}
		<//>
		<${Sheet} title="Services">
			<${List} of=${services} name="services" caption="Services" columns=${ofServices} numbers=${["Length, minutes"]} empty="No service yet. A service is what people book: how long it takes, and in which calendars." />
			${mayWrite && html`<p></p><${Opens} label="New service" tone="first" disabled=${!all.length} dialog=${EditService} business=${business} path=${`${base}/services`} calendars=${all} then=${services.reload} />`}
		<//>`;
}

/** What is edited is read anew first, with its version. */
function Edited({ of: Part, path, ...dialog }) {
	const found = useLoad(path);
	return found.data ? html`<${Part} ...${dialog} path=${path} begin=${found.data} etag=${found.etag} />` : null;
}

/** The link for calendar programs: a new one ends the one before. */
function Feed({ path, calendar, onClose }) {
	const [made, setMade] = useState(/** @type {any} */ (null));
	const [full, setFull] = useState(false);
	const make = async () => setMade((await ask("POST", path, { body: { full } })).data);
	return html`<${Dialog} title=${`Feed of ${calendar.name}`} onClose=${onClose}>
		<p>A link by which calendar programs read this calendar. It is the right to read it, and it is shown once. A new link ends the one before.</p>
		<${Check} label="With full names and notes" hint="otherwise first names alone" checked=${full} onChange=${setFull} />
		${made && html`<${Copy} text=${made.url} label="Copy the link">The link is shown once.<//>`}
		<div class="row">
			<${Form} label="Make a link" act=${make} />
			<${Ask} label="End the feed" question="The link opens nothing any more." act=${() => ask("DELETE", path)} then=${() => setMade(null)} />
		</div>
	<//>`;
}
