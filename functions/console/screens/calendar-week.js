// Seven days side by side; on a narrow screen, one below another.
import { Badge, State, html } from "../lib/all.js";
import { clockOf, clocks, dayAfter, dayName, weekday } from "../lib/zone.js";

const NAMES = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const minutes = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
const DAY = 24 * 60;

/** When a calendar is open on a day, as it says, and why if it is an exception. */
function openOn(calendar, day) {
	const exception = calendar.exceptions.find(({ first, last }) => first <= day && day <= (last ?? first));
	return { spans: exception ? exception.open : calendar.week[NAMES[weekday(day)]], why: exception?.name };
}

/** The minutes of a day at which a calendar is open: a span that ends the next day goes on there. */
function openMinutes(calendar, day) {
	const of = (day) => openOn(calendar, day).spans.map((span) => span.split("-").map(minutes));
	const own = of(day).map(([from, until]) => [from, until <= from ? DAY : until]);
	const before = of(dayAfter(day, -1)).filter(([from, until]) => until <= from && until > 0);
	return [...before.map(([, until]) => [0, until]), ...own];
}

/** What an appointment takes of a day: by the clocks, and as long as it lasts where they are put back within it. */
function placed(one, zone) {
	const [start, end] = [clocks(one.start, zone), clocks(one.end, zone)];
	const lasts = (Date.parse(one.end) - Date.parse(one.start)) / 60_000;
	const until = start.day === end.day && end.minute > start.minute ? end.minute : Math.min(DAY, start.minute + lasts);
	return { one, day: start.day, from: start.minute, until };
}

/** Puts what overlaps side by side: each gets a lane, and knows how many lanes there are. */
function inLanes(placed) {
	const lanes = [];
	let together = /** @type {any[]} */ ([]);
	let ends = 0;
	for (const one of [...placed].sort((a, b) => a.from - b.from || b.until - a.until)) {
		if (one.from >= ends) {
			together = [];
			lanes.length = 0;
			ends = 0;
		}
		const free = lanes.findIndex((until) => until <= one.from);
		one.lane = free < 0 ? lanes.length : free;
		lanes[one.lane] = one.until;
		ends = Math.max(ends, one.until);
		together.push(one);
		for (const other of together) other.lanes = lanes.length;
	}
	return placed;
}

/** Of an appointment that is called off the time is free again. */
const takes = (one) => one.status !== "cancelled";

export function Week({ calendar, days, today, appointments, nameOf, onOpen }) {
	const zone = calendar.time_zone;
	const clock = clockOf(zone);
	const all = appointments.map((one) => placed(one, zone));
	const open = days.map((day) => openMinutes(calendar, day));
	const begins = [...open.flat().map(([from]) => from), ...all.map(({ from }) => from)];
	const ends = [...open.flat().map(([, until]) => until), ...all.map(({ until }) => until)];
	const first = Math.floor(Math.min(9 * 60, ...begins) / 60) * 60;
	const last = Math.ceil(Math.max(17 * 60, ...ends) / 60) * 60;
	const hours = Array.from({ length: (last - first) / 60 }, (_, n) => first / 60 + n);
	const at = (from, until, more = {}) => ({ "--from": (from - first) / 60, "--long": (until - from) / 60, ...more });
	return html`<div class="week" style=${{ "--hours": hours.length }}>
		<div class="hours" aria-hidden="true">${hours.map((hour) => html`<span>${String(hour).padStart(2, "0")}:00</span>`)}</div>
		${days.map((day, n) => {
			const { spans, why } = openOn(calendar, day);
			const own = inLanes(all.filter((one) => one.day === day && takes(one.one)));
			const off = all.filter((one) => one.day === day && !takes(one.one));
			return html`<section key=${day} class=${day === today ? "day today" : "day"} aria-label=${dayName(day, { dateStyle: "full" })}>
				<h3 aria-current=${day === today ? "date" : undefined}>${dayName(day, { weekday: "short", day: "numeric", month: "short" })}</h3>
				<p class="small">${spans.length ? spans.join(", ") : "closed"}${why && html` (<span dir="auto">${why}</span>)`}</p>
				<div class="lane">
					${open[n].map(([from, until]) => html`<span class="open" style=${at(from, until)}></span>`)}
					<ol>${own.map(({ one, from, until, lane, lanes }) => html`<li key=${one.id} style=${at(from, until, { "--lane": lane, "--lanes": lanes })}>
						<button class=${one.status} onClick=${() => onOpen(one.id)}><bdi class="clock">${clock(one.start)}</bdi> <strong dir="auto">${one.person.name}</strong> <span dir="auto">${nameOf(one.service)}</span>${one.status !== "booked" && html` <${State} of=${one.status} />`}</button>
					</li>`)}</ol>
				</div>
				${off.length > 0 && html`<details class="small"><summary>Called off: ${off.length}</summary>${off.map(({ one }) => html`<button class="plain" onClick=${() => onOpen(one.id)}><bdi>${clock(one.start)}</bdi> <span dir="auto">${one.person.name}</span> <${Badge} tone="bad">cancelled<//></button>`)}</details>`}
			</section>`;
		})}
	</div>`;
}
