// A time is booked: which service, when, and for whom.
import { Check, FormDialog, ask, html, of, useFields, useState } from "../lib/all.js";
import { Slots } from "./calendar-slots.js";
import { useTaken } from "./calendar-taken.js";

export function Book({ business, calendar, day, services, calendars, nameOf, may, person, ...dialog }) {
	const offered = services.filter((service) => service.active && service.calendars.includes(calendar.id));
	const { values, field, change } = useFields({ service: offered[0]?.id ?? "", name: person.name, number: person.number, notes: "", hold: false });
	const [slot, setSlot] = useState(/** @type {any} */ (null));
	const { round, sending, notice } = useTaken(calendar.time_zone, () => setSlot(null));
	const { service, name, number, notes, hold } = values;
	const book = (headers) => {
		// Another number is another person's.
		const known = number === person.number && person.contact;
		const whom = { name: name.trim(), ...(number.trim() && { number: number.trim() }), ...(known && { contact: known }) };
		return sending(ask("POST", of(business, "/appointments"), { headers, body: { service, ...slot, person: whom, hold, ...(notes.trim() && { notes: notes.trim() }) } }));
	};
	return html`<${FormDialog} ...${dialog} title=${`Book with ${calendar.name}`} label=${hold ? "Hold the time" : "Book it"} act=${book} disabled=${!slot || !name.trim()}>
		${field("service", "Service", { options: offered.map(({ id, name, minutes }) => [id, `${name}, ${minutes} min`]), onInput: (service) => {
			change("service")(service);
			setSlot(null);
		} })}
		${notice}
		<${Slots} key=${service} business=${business} service=${service} calendar=${calendar} day=${day} round=${round} value=${slot} onChange=${setSlot} />
		${field("name", "For whom", { required: true, maxlength: 100, dir: "auto" })}
		${field("number", "Number", { type: "tel", placeholder: "+12025550187" })}
		${field("notes", "Notes", { rows: 2, maxlength: 1000 })}
		<${Check} label="Only hold it" hint="for three minutes, until it is confirmed" checked=${hold} onChange=${change("hold")} />
	<//>`;
}
