// Days and clocks of a time zone. The browser knows when zones put their clocks forward and back; nothing here counts hours.

/** @type {Map<string, Intl.DateTimeFormat>} */
const FORMATS = new Map();

function format(zone) {
	const known = FORMATS.get(zone);
	if (known) return known;
	const made = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
	FORMATS.set(zone, made);
	return made;
}

/** What clocks in a zone show at a moment: the day, such as `2026-12-01`, and the minute of the day. @param {string | number} at */
export function clocks(at, zone) {
	const parts = Object.fromEntries(format(zone).formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
	return { day: `${parts.year}-${parts.month}-${parts.day}`, minute: Number(parts.hour) * 60 + Number(parts.minute) };
}

/** The day that is so many days later. @param {string} day @param {number} days */
export const dayAfter = (day, days) => new Date(Date.parse(`${day}T00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

/** The day of the week, 0 for Sunday. */
export const weekday = (day) => new Date(`${day}T00:00Z`).getUTCDay();

/** The seven days of the week that a day is in, as they are counted where the browser is. @param {string} day */
export function weekOf(day) {
	const locale = /** @type {any} */ (new Intl.Locale(navigator.language));
	const first = (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
	const behind = (weekday(day) - (first % 7) + 7) % 7;
	return Array.from({ length: 7 }, (_, n) => dayAfter(day, n - behind));
}

/** The moment at which a day begins in a zone: the first one that its clocks show with this date. @param {string} day */
export function beginning(day, zone) {
	const midnight = Date.parse(`${day}T00:00Z`);
	let [from, until] = [midnight - 16 * 3_600_000, midnight + 16 * 3_600_000];
	// Days only go forward, whatever the clocks do.
	while (until - from > 60_000) {
		const middle = Math.floor((from + until) / 120_000) * 60_000;
		if (clocks(middle, zone).day < day) from = middle;
		else until = middle;
	}
	return new Date(until).toISOString();
}

/** How a day and a time of a zone are written. @param {Intl.DateTimeFormatOptions} style */
export const inZone = (style, zone) => {
	const format = new Intl.DateTimeFormat(undefined, { ...style, timeZone: zone });
	return (at) => format.format(new Date(at));
};

/** Times of a day, in the form in which a business says when it is open. */
export const clockOf = (zone) => inZone({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, zone);

/** A day as people write it. @param {Intl.DateTimeFormatOptions} style */
export const dayName = (day, style) => new Intl.DateTimeFormat(undefined, { ...style, timeZone: "UTC" }).format(new Date(`${day}T00:00Z`));
