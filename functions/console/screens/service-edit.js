// A service: how long it takes, where it is done, and when it can be booked.
import { Check, Field, FormDialog, ask, html, ifMatch, text, useFields, useState } from "../lib/all.js";
import { changed, idOf } from "./calendar-edit.js";
import { Remind } from "./service-remind.js";

const BLANK = { name: "", names: {}, price: "", minutes: 30, before_minutes: 0, after_minutes: 0, notice_minutes: 0, window_days: 60, step_minutes: 15, seats: 1, calendars: [], resources: [], reminders: [], remind: null, active: true };
const NUMBERS = ["minutes", "before_minutes", "after_minutes", "notice_minutes", "window_days", "step_minutes", "seats"];
const STEPS = [1, 5, 10, 15, 20, 30, 60];

export function EditService({ path, begin, etag, calendars, business, ...dialog }) {
	const { id: own, ...known } = begin ?? { id: "" };
	const { values, change, field } = useFields({ ...BLANK, ...known, price: known.price ?? "" });
	const [id, setId] = useState("");
	const [reminders, setReminders] = useState(values.reminders.join(", "));
	const wanted = id || idOf(values.name);
	const save = () => {
		const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(values[name])]));
		const spoken = reminders.split(",").map((word) => word.trim()).filter(Boolean).map(Number);
		const body = { ...values, ...numbers, name: values.name.trim(), price: values.price.trim() || null, reminders: spoken };
		return ask("PUT", own ? path : `${path}/${encodeURIComponent(wanted)}`, { body, headers: ifMatch(etag) });
	};
	const number = (name, label, max, hint) => field(name, label, { type: "number", min: name === "minutes" || name === "window_days" || name === "seats" ? 1 : 0, max, hint });
	return html`<${FormDialog} ...${dialog} title=${own ? begin.name : "New service"} label="Save" act=${save} stale=${changed} disabled=${!values.calendars.length}>
		<div class="row">
			${field("name", "Name", { required: true, maxlength: 200, dir: "auto", hint: "The agent says it" })}
			${!own && html`<${Field} label="Id" value=${wanted} onInput=${setId} required pattern="[\\-a-z0-9]{1,32}" hint="For programs; it never changes" dir="ltr" />`}
		</div>
		<p></p>
		<fieldset class="grid">
			<legend>Time</legend>
			${number("minutes", "Minutes", 1440)}
			${field("step_minutes", "Begins every", { options: STEPS.map((n) => [n, n === 60 ? "full hour" : `${n} minutes`]), onInput: (step) => change("step_minutes")(Number(step)) })}
			${number("before_minutes", "Free before it, minutes", 1439)} ${number("after_minutes", "Free after it, minutes", 1439)}
			${number("notice_minutes", "Booked at the latest, minutes before", 86_400)} ${number("window_days", "Booked at the earliest, days before", 400)}
			${number("seats", "People who share one", 200)}
			<${Field} label="Reminders" value=${reminders} onInput=${setReminders} hint="Minutes before it, such as 1440, 180" dir="ltr" />
			${field("price", "Price", { maxlength: 200, hint: "As people say it", dir: "auto" })}
		</fieldset>
		<${Remind} business=${business} value=${values.remind} onChange=${change("remind")} />
		<${Chosen} title="Where it is done" of=${calendars} ids=${values.calendars} onChange=${change("calendars")} />
		<${Chosen} title="What it takes along" of=${calendars} ids=${values.resources} onChange=${change("resources")} />
		<${Check} label="It is offered" checked=${values.active} onChange=${change("active")} />
	<//>`;
}

/** Calendars out of all of them. The order in which they were chosen stays: the first that is free is taken. */
const Chosen = ({ title, of: calendars, ids, onChange }) => html`<fieldset>
	<legend>${title}</legend>
	${calendars.map(({ id, name }) => html`<${Check} key=${id} label=${text(name)} checked=${ids.includes(id)} onChange=${(on) => onChange(on ? [...ids, id] : ids.filter((one) => one !== id))} />`)}
</fieldset>`;
