// Calendars of other systems that say when a calendar is taken. Their addresses are kept like keys and not shown again.
import { Ask, Badge, Dialog, Fact, Form, Loaded, ask, count, dateTime, html, useFields, useLoad, words } from "../lib/all.js";
import { idOf } from "./calendar-edit.js";

const AWAY = { refuse: "nothing is booked meanwhile", own_calendar: "its own appointments decide, with what was read last" };
const BLANK = { name: "", url: "", while_away: "refuse" };

export function Sources({ path, calendar, onClose }) {
	const sources = useLoad(path, 10_000);
	return html`<${Dialog} title=${`Other calendars of ${calendar.name}`} onClose=${onClose}>
		<p>What stands in them takes this calendar's time. They are read every few minutes, and again before a time is booked.</p>
		<${Loaded} of=${sources}>
			${(data) => data.sources.map((one) => html`<${Source} key=${one.id} of=${one} path=${`${path}/${one.id}`} reload=${sources.reload} />`)}
		<//>
		<${Add} path=${path} then=${sources.reload} />
	<//>`;
}

function Source({ of: one, path, reload }) {
	return html`<section class="sheet">
		<h3>${one.id} ${one.failure ? html`<${Badge} tone="bad">not read<//>` : html`<${Badge} tone="good">read<//>`}</h3>
		<dl class="facts">
			<${Fact} name="At"><bdi>${one.host}</bdi><//>
			<${Fact} name="Read last">${one.read_at ? dateTime(one.read_at) : "never"}<//>
			${one.failure && html`<${Fact} name="Not read">${words(one.failure)}, ${dateTime(one.tried_at)}<//>`}
			<${Fact} name="Takes">${count(one.busy_times)} times${one.unknown_zone && ", some in a time zone that is not known: the calendar's own was taken"}<//>
			<${Fact} name="While it cannot be read">${AWAY[one.while_away] ?? words(one.while_away)}<//>
		</dl>
		<div class="row"><${Ask} label="Take it away" question="It takes no time of this calendar any more." act=${() => ask("DELETE", path)} then=${reload} /></div>
	</section>`;
}

function Add({ path, then }) {
	const { values, set, field } = useFields(BLANK);
	const add = async () => {
		const { name, ...body } = values;
		await ask("PUT", `${path}/${encodeURIComponent(idOf(name))}`, { body: { ...body, url: body.url.trim() } });
		set(BLANK);
		await then();
	};
	return html`<${Form} label="Add it" act=${add} disabled=${!idOf(values.name) || !values.url.trim()}>
		<div class="row">
			${field("name", "Name", { maxlength: 32, hint: "Such as private" })}
			${field("url", "Address", { type: "url", dir: "ltr", autocomplete: "off", hint: "Of an iCalendar document, by https or webcal" })}
		</div>
		<p></p>
		${field("while_away", "While it cannot be read", { options: Object.entries(AWAY) })}
	<//>`;
}
