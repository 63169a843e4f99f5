// The week of a calendar: when it is open, what is taken, and what is booked into it. All times are those of its own zone.
import { Empty, Filters, Head, Loaded, Opens, Trouble, ask, filtersOf, go, html, later, of, search, to, useAction, useLoad, useState } from "../lib/all.js";
import { beginning, clocks, dayAfter, dayName, weekOf } from "../lib/zone.js";
import { Week } from "./calendar-week.js";

const Book = later("calendar-book Book");
const OneAppointment = later("calendar-appointment OneAppointment");

export function CalendarWeek({ query, business, may }) {
	const calendars = useLoad(of(business, "/appointments/calendars"));
	return html`<${Head} title="Calendar"><a class="button" href=${to(["b", business, "calendar", "offers"])}>Calendars and services</a><//>
		<${Loaded} of=${calendars}>
			${({ calendars }) => (calendars.length ? html`<${Shown} calendars=${calendars} query=${query} business=${business} may=${may} />` : html`<${Empty}>There is no calendar yet. A calendar is a person, a room or a machine whose time is taken.<//>`)}
		<//>`;
}

function Shown({ calendars, query, business, may }) {
	const place = ["b", business, "calendar"];
	const services = useLoad(of(business, "/appointments/services"));
	const { chosen, field } = filtersOf(place, query, ["calendar", "day", "name", "number", "contact"]);
	const opened = query.get("appointment");
	// A link to an appointment alone leads to its calendar and week.
	const asked = useLoad(opened && !chosen.calendar ? of(business, `/appointments/${encodeURIComponent(opened)}`) : null);
	const calendar = calendars.find(({ id }) => id === (chosen.calendar || asked.data?.calendar)) ?? calendars[0];
	const zone = calendar.time_zone;
	const today = clocks(Date.now(), zone).day;
	const days = weekOf(chosen.day || (asked.data ? clocks(asked.data.start, zone).day : today));
	const show = (more) => go(to(place, { ...chosen, calendar: calendar.id, ...more }), true);
	const wanted = of(business, `/appointments?${search({ from: beginning(days[0], zone), until: beginning(dayAfter(days[6], 1), zone), limit: 100 })}`);
	const list = useLoad(asked.loading ? null : wanted, 5_000);
	const none = { of: "", appointments: /** @type {any[]} */ ([]), next: undefined };
	const [kept, keep] = useState(none);
	const more = kept.of === wanted ? kept : none;
	const next = more.next === undefined ? list.data?.next : more.next;
	const further = useAction(async () => {
		const { data } = await ask("GET", `${wanted}&${search({ cursor: next })}`);
		keep({ of: wanted, appointments: [...more.appointments, ...data.appointments], next: data.next });
	});
	const again = async () => {
		keep(none);
		await list.reload();
	};
	const all = [...new Map([...(list.data?.appointments ?? []), ...more.appointments].map((one) => [one.id, one])).values()];
	const own = all.filter((one) => one.calendar === calendar.id || one.resources.includes(calendar.id));
	const nameOf = (id) => services.data?.services.find((service) => service.id === id)?.name ?? id;
	const common = { business, may, calendars, services: services.data?.services ?? [], nameOf, then: again };
	const keyed = (event) => {
		const step = { PageUp: -7, PageDown: 7 }[event.key];
		if (!step || event.target.closest("input, select, textarea, dialog")) return;
		event.preventDefault();
		show({ day: dayAfter(days[0], step) });
	};
	const week = `${dayName(days[0], { day: "numeric", month: "long" })} – ${dayName(days[6], { day: "numeric", month: "long", year: "numeric" })}`;
	return html`<${Filters}>
			${field("calendar", "Calendar", { value: calendar.id, options: calendars.map(({ id, name, active }) => [id, active ? name : `${name} (not offered)`]) })}
			${field("day", "Week of", { type: "date", value: chosen.day || days.find((day) => day === today) || days[0] })}
			<button onClick=${() => show({ day: dayAfter(days[0], -7) })}>Earlier</button>
			<button onClick=${() => show({ day: "" })}>Today</button>
			<button onClick=${() => show({ day: dayAfter(days[0], 7) })}>Later</button>
			${may("appointments:write") && common.services.some((service) => service.calendars.includes(calendar.id)) && html`<${Opens} label="Book" tone="first" dialog=${Book} calendar=${calendar} day=${days.includes(today) ? today : days[0]} person=${chosen} ...${common} />`}
		<//>
		${(chosen.name || chosen.number) && html`<p class="notice">For <bdi>${chosen.name || chosen.number}</bdi>: choose a calendar and a week, and book.</p>`}
		<${Trouble} of=${asked.problem ?? services.problem} />
		<${Loaded} of=${list}>
			${() => html`<section class="sheet" aria-label=${week} onKeyDown=${keyed}>
				<h2>${week}</h2>
				<p class="small">${calendar.name}, by clocks in ${zone.replaceAll("_", " ")}</p>
				<${Week} calendar=${calendar} days=${days} today=${today} appointments=${own} nameOf=${nameOf} onOpen=${(appointment) => show({ appointment })} />
				<${Trouble} of=${further.problem} />
				${next && html`<p class="row"><button onClick=${further.run} disabled=${further.busy}>Show more of the week</button></p>`}
			</section>`}
		<//>
		${opened && html`<${OneAppointment} id=${opened} key=${opened} onClose=${() => show({ day: days[0] })} ...${common} />`}`;
}
