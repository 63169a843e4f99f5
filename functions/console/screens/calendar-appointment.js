// One appointment: who comes, and what becomes of it.
import { Ask, Dialog, Fact, Form, FormDialog, Loaded, Opens, State, ask, dateTime, html, ifMatch, of, text, to, useLoad, useState, words } from "../lib/all.js";
import { inZone } from "../lib/zone.js";
import { ContactLink } from "./contact-link.js";
import { Slots } from "./calendar-slots.js";
import { useTaken } from "./calendar-taken.js";

export function OneAppointment({ id, business, may, calendars, services, nameOf, then, onClose }) {
	const path = of(business, `/appointments/${encodeURIComponent(id)}`);
	const found = useLoad(path, 5_000);
	const reminders = useLoad(`${path}/reminders`, 15_000);
	const again = async () => {
		await Promise.all([found.reload(), then()]);
	};
	const become = (status) => async () => {
		await ask("PATCH", path, { headers: ifMatch(found.etag), body: { status } });
		await again();
	};
	const stale = () => html`<button type="button" onClick=${() => again()}>See how it is now</button>`;
	return html`<${Dialog} title="Appointment" onClose=${onClose}>
		<${Loaded} of=${found}>
			${(one) => {
				const write = { weekday: /** @type {"long"} */ ("long"), day: /** @type {"numeric"} */ ("numeric"), month: /** @type {"long"} */ ("long"), year: /** @type {"numeric"} */ ("numeric"), hour: /** @type {"2-digit"} */ ("2-digit"), minute: /** @type {"2-digit"} */ ("2-digit") };
				const stands = one.status === "booked" || one.status === "held";
				const begun = Date.parse(one.start) <= Date.now();
				const calendar = calendars.find((calendar) => calendar.id === one.calendar);
				return html`<p><${State} of=${one.status} />${one.held_until && html` <small>until ${dateTime(one.held_until)}</small>`}</p>
					<dl class="facts">
						<${Fact} name="When">${inZone(write, one.time_zone)(one.start)}–${inZone({ timeStyle: "short" }, one.time_zone)(one.end)} <small>(${one.time_zone.replaceAll("_", " ")})</small><//>
						<${Fact} name="Service">${nameOf(one.service)}<//>
						<${Fact} name="Calendar">${calendar?.name ?? one.calendar}${one.resources.length > 0 && `, with ${one.resources.map((id) => calendars.find((calendar) => calendar.id === id)?.name ?? id).join(", ")}`}<//>
						<${Fact} name="For">${text(one.person.name)}${one.person.number && html`, <bdi>${one.person.number}</bdi>`} <${ContactLink} business=${business} may=${may} number=${one.person.number} contact=${one.person.contact} /><//>
						${one.notes && html`<${Fact} name="Notes">${one.notes}<//>`}
						${one.call && html`<${Fact} name="Made in"><a href=${to(["b", business, "calls", one.call])}>a call</a><//>`}
						${one.thread && html`<${Fact} name="Made in"><a href=${to(["b", business, "inbox", one.thread])}>a thread of texts</a><//>`}
						${reminders.data?.reminders.map((reminder) => html`<${Fact} name="Reminder">${words(reminder.status)}${reminder.way && ` by ${words(reminder.way)}`}${reminder.reason && `: ${words(reminder.reason)}`}, ${dateTime(reminder.at ?? reminder.due)}<//>`)}
						<${Fact} name="Made">${dateTime(one.created_at)}<//>
					</dl>
					${may("appointments:write") &&
					stands &&
					html`<div class="row">
						${one.status === "held" && html`<${Form} label="Confirm" act=${become("booked")} stale=${stale} />`}
						${!begun && calendar && html`<${Opens} label="Move" dialog=${Move} path=${path} etag=${found.etag} one=${one} calendar=${calendar} business=${business} stale=${stale} then=${again} />`}
						${begun && one.status === "booked" && html`<${Form} label="They came" act=${become("done")} stale=${stale} /><${Form} tone="bad" label="They did not come" act=${become("no_show")} stale=${stale} />`}
						${!begun && html`<${Ask} label="Call off" question="The time is free again." act=${become("cancelled")} stale=${stale} />`}
					</div>`}`;
			}}
		<//>
	<//>`;
}

function Move({ path, etag, one, calendar, business, ...dialog }) {
	const [slot, setSlot] = useState(/** @type {any} */ (null));
	const { round, sending, notice } = useTaken(calendar.time_zone, () => setSlot(null));
	const move = () => sending(ask("PATCH", path, { headers: ifMatch(etag), body: slot }));
	return html`<${FormDialog} ...${dialog} title="Move the appointment" label="Move it" act=${move} disabled=${!slot}>
		${notice}
		<${Slots} business=${business} service=${one.service} calendar=${calendar} day=${one.local.slice(0, 10)} round=${round} value=${slot} onChange=${setSlot} />
	<//>`;
}
