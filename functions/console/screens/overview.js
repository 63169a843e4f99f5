import { Empty, Figure, Head, Loaded, Sheet, count, html, millis, of, to, useLoad, words } from "../lib/all.js";
import { CallTable } from "./calls.js";
import { Checklist } from "./checklist.js";
import { TalkButton } from "./test-call.js";
import { Month } from "./usage.js";

/** The days that can be chosen; the address says which. */
const RANGES = { 1: "Today", 7: "7 days", 30: "30 days" };

export function Overview({ business, who, may, query, waiting }) {
	const days = query.get("days") in RANGES ? query.get("days") : "30";
	const calls = useLoad(of(business, "/calls?limit=10&include=session,cost"), 10_000);
	const figures = useLoad(of(business, `/statistics?days=${days}`), 30_000);
	const usage = useLoad(may("usage:read") ? of(business, "/usage") : null, 30_000);
	return html`<${Head} title="Overview"><${TalkButton} business=${business} may=${may} /><//>
		<${Checklist} business=${business} who=${who} may=${may} calls=${calls.data?.calls} />
		${waiting.data && html`<dl class="figures sheet"><${Figure} name="Messages waiting" value=${html`<a href=${to(["b", business, "messages"])}>${count(waiting.data.waiting.count)}</a>`} /></dl>`}
		${usage.data && html`<${Month} usage=${usage.data} />`}
		<div class="row" role="group" aria-label="Days">
			${Object.entries(RANGES).map(([range, label]) => html`<a class="button" href=${to(["b", business, "overview"], { days: range })} aria-current=${range === days ? "true" : undefined}>${label}</a>`)}
		</div>
		<${Loaded} of=${figures}>${(data) => html`<${Days} of=${data} />`}<//>
		<${Loaded} of=${calls}>
			${(page) =>
				page.calls.length === 0
					? html`<${Empty}>There are no calls yet.<//>`
					: html`<h2>Latest calls</h2>
							<${CallTable} calls=${page.calls} business=${business} />`}
		<//>`;
}

/** What the calls of the chosen days came to. */
function Days({ of: { from, to, days, hours, greeting, turn_latency: latency, ends } }) {
	const sum = (kind) => count(days.reduce((all, day) => all + day[kind], 0));
	const times = (name, of) => html`<${Figure} name=${name} value=${millis(of?.p50_ms)} note=${of ? `95 % within ${millis(of.p95_ms)}` : ""} />`;
	return html`<dl class="figures sheet">
			<${Figure} name="Answered" value=${sum("answered")} />
			<${Figure} name="Not answered" value=${sum("missed")} />
			${times("Greeting after", greeting)} ${times("Answers after", latency)}
			${ends.map((end) => html`<${Figure} name=${words(end.end)} value=${count(end.calls)} />`)}
		</dl>
		${from < to && html`<${Chart} title="Calls by day" of=${each(from, to, days)} />`}
		<${Chart} title="Calls by hour" of=${hours.map(({ hour, ...calls }) => ({ ...calls, name: `${hour} o'clock`, mark: hour % 6 ? "" : hour }))} />`;
}

/** Every day from the first one to the last, those without calls too; at most about seven of them are marked. */
function each(from, to, days) {
	const every = [];
	for (let day = new Date(from); day <= new Date(to); day.setUTCDate(day.getUTCDate() + 1)) every.push(day.toISOString().slice(0, 10));
	const marked = Math.ceil(every.length / 7);
	return every.map((day, n) => {
		const { answered, missed } = days.find((of) => of.day === day) ?? { answered: 0, missed: 0 };
		return { answered, missed, name: day, mark: (every.length - 1 - n) % marked ? "" : Number(day.slice(8)) };
	});
}

/** Bars, each with what was answered and what was not, by its name and the mark below it. */
export function Chart({ title, of }) {
	const most = Math.max(1, ...of.map(({ answered, missed }) => answered + missed));
	const high = (n) => ({ blockSize: `${(n / most) * 100}%` });
	const spoken = of.filter(({ answered, missed }) => answered + missed).map(({ name, answered, missed }) => `${name}: ${answered} answered, ${missed} not`);
	return html`<${Sheet} title=${title}>
		<div class="chart" role="img" aria-label=${`${title}. ${spoken.join("; ") || "There were none"}.`}>
			${of.map(({ mark, answered, missed }) => html`<div><i class="missed" style=${high(missed)}></i><i class="answered" style=${high(answered)}></i><span>${mark}</span></div>`)}
		</div>
		<p class="small">Blue: answered; red: not answered. The highest bar: ${count(most)}.</p>
	<//>`;
}
