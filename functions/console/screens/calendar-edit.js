// A calendar: when it is open, and on which days otherwise.
import { Check, Field, FormDialog, ask, html, ifMatch, useFields, useState } from "../lib/all.js";
import { DAYS, Rows, Spans, Week } from "./rows.js";

const BLANK = { name: "", time_zone: "", week: Object.fromEntries(DAYS.map((day, n) => [day, n < 5 ? ["09:00-17:00"] : []])), exceptions: [], seats: 1, active: true };

/** An id that says what it is of: the letters and digits of its name. */
export const idOf = (name) => name.normalize("NFKD").toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "").slice(0, 32);

export function EditCalendar({ path, begin, etag, ...dialog }) {
	const { id: own, ...known } = begin ?? { id: "" };
	const { values, change, field } = useFields({ ...BLANK, ...known });
	const [id, setId] = useState("");
	const wanted = id || idOf(values.name);
	const save = () => {
		const exceptions = values.exceptions.map(({ first, last, name, open }) => ({ first, ...(last && { last }), name, open }));
		const body = { ...values, name: values.name.trim(), time_zone: values.time_zone.trim() || null, seats: Number(values.seats), exceptions };
		return ask("PUT", own ? path : `${path}/${encodeURIComponent(wanted)}`, { body, headers: ifMatch(etag) });
	};
	return html`<${FormDialog} ...${dialog} title=${own ? begin.name : "New calendar"} label="Save" act=${save} stale=${changed}>
		<div class="row">
			${field("name", "Name", { required: true, maxlength: 200, dir: "auto", hint: "The agent may say it" })}
			${!own && html`<${Field} label="Id" value=${wanted} onInput=${setId} required pattern="[\\-a-z0-9]{1,32}" hint="For programs; it never changes" dir="ltr" />`}
		</div>
		<p></p>
		<div class="row">
			${field("time_zone", "Time zone", { placeholder: "the business's", hint: "Such as Europe/Berlin", dir: "ltr" })}
			${field("seats", "Seats", { type: "number", min: 1, max: 100, hint: "More than one for a pool of equal things" })}
		</div>
		<p></p>
		<fieldset><legend>Open</legend><${Week} week=${values.week} onChange=${change("week")} hint="by clocks in its time zone" /></fieldset>
		<${Rows} title="Other days" rows=${values.exceptions} blank=${{ first: "", last: "", name: "", open: [] }} onChange=${change("exceptions")} fields=${[
			["first", "First day", "2027-03-29", Day],
			["last", "Last day", "the first one", Day],
			["name", "Name"],
			["open", "Open", "closed", Spans],
		]} />
		<${Check} label="It is offered" checked=${values.active} onChange=${change("active")} />
	<//>`;
}

const Day = (props) => html`<${Field} ...${props} type="date" />`;

/** Another person was quicker. */
export const changed = () => "Another person has changed it meanwhile. Close this, look at what it is now, and decide anew.";
