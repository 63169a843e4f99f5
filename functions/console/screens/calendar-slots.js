// Free times of a service, as the API finds them: none is computed here.
import { Empty, Field, Loaded, html, of, search, useEffect, useId, useLoad, useState } from "../lib/all.js";
import { beginning, clockOf, clocks, dayAfter, dayName } from "../lib/zone.js";

/** The days of which times are shown at once. */
const DAYS = 7;

/** `round` asks anew. What is chosen is `{ start, calendar }`. */
export function Slots({ business, service, calendar, day, round = 0, value, onChange }) {
	const name = useId();
	const [from, setFrom] = useState(day);
	const zone = calendar.time_zone;
	const begin = beginning(from, zone);
	const wanted = search({ service, calendar: calendar.id, from: Date.parse(begin) > Date.now() ? begin : "", until: beginning(dayAfter(from, DAYS), zone), limit: 100 });
	const slots = useLoad(of(business, `/appointments/slots?${wanted}`), 15_000);
	useEffect(() => {
		if (round) slots.reload();
	}, [round]);
	const clock = clockOf(zone);
	return html`<${Field} label="From" type="date" value=${from} onInput=${(day) => day && setFrom(day)} hint=${`By clocks in ${zone.replaceAll("_", " ")}; the ${DAYS} days from then on are shown`} />
		<${Loaded} of=${slots}>
			${({ slots }) => {
				const days = new Map();
				for (const slot of slots) {
					const { day } = clocks(slot.start, zone);
					days.set(day, [...(days.get(day) ?? []), slot]);
				}
				if (!slots.length) return html`<${Empty}>No free time then. Take a later day.<//>`;
				return html`<div class="times">${[...days].map(([day, slots]) => html`<fieldset key=${day} class="slots">
					<legend>${dayName(day, { weekday: "long", day: "numeric", month: "long" })}</legend>
					${slots.map((slot) => html`<label key=${slot.start}><input type="radio" name=${name} required checked=${value?.start === slot.start} onChange=${() => onChange({ start: slot.start, calendar: slot.calendar })} /> ${clock(slot.start)}</label>`)}
				</fieldset>`)}</div>`;
			}}
		<//>`;
}
