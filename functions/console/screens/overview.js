import { html } from "../lib/dom.js";
import { of } from "../lib/api.js";
import { useLoad } from "../lib/hooks.js";
import { count } from "../lib/format.js";
import { to } from "../lib/route.js";
import { Badge, Empty, Loaded } from "../lib/ui.js";
import { CallTable, missed } from "./calls.js";
import { Month } from "./usage.js";

export function Overview({ business, may }) {
	const calls = useLoad(of(business, "/calls?limit=100&include=session,cost"), { every: 10_000 });
	const usage = useLoad(may("usage:read") ? of(business, "/usage") : null, { every: 30_000 });
	return html`<header><h1 tabindex="-1">Overview</h1></header>
		<${Checklist} business=${business} may=${may} calls=${calls.data} />
		${usage.data && html`<${Month} usage=${usage.data} />`}
		<${Loaded} of=${calls}>
			${(page) =>
				page.calls.length === 0
					? html`<${Empty}>There are no calls yet.<//>`
					: html`<section class="sheet" aria-labelledby="hours">
								<h2 id="hours">Calls by hour</h2>
								<${Hours} calls=${page.calls} />
								<p class="small">Of the last ${count(page.calls.length)} calls, by the hour of the day in which they began. Blue: answered; red: not answered.</p>
							</section>
							<h2>Latest calls</h2>
							<${CallTable} calls=${page.calls.slice(0, 10)} business=${business} />`}
		<//>`;
}

/** What a business needs before it can be called. */
function Checklist({ business, may, calls }) {
	const numbers = useLoad(may("numbers:read") ? of(business, "/numbers") : null);
	const settings = useLoad(may("settings:read") ? of(business, "/settings") : null);
	if (!numbers.data || !(settings.data || settings.problem)) return null;
	const steps = [
		{ done: settings.data !== null, title: "Publish the settings", place: "settings" },
		{ done: numbers.data.numbers.length > 0, title: "Add a number", place: "numbers" },
		{ done: (calls?.calls.length ?? 0) > 0, title: "Take the first call", place: "live" },
	];
	if (steps.every((step) => step.done)) return null;
	return html`<section class="sheet" aria-labelledby="first">
		<h2 id="first">To begin with</h2>
		<ol>
			${steps.map((step) => html`<li><a href=${to(["b", business, step.place])}>${step.title}</a> <${Badge} tone=${step.done ? "good" : "busy"}>${step.done ? "done" : "to do"}<//></li>`)}
		</ol>
	</section>`;
}

function Hours({ calls }) {
	const hours = Array.from({ length: 24 }, () => ({ answered: 0, missed: 0 }));
	for (const call of calls) {
		const hour = hours[new Date(call.opened_at).getHours()];
		if (missed(call)) hour.missed += 1;
		else hour.answered += 1;
	}
	const most = Math.max(1, ...hours.map((hour) => hour.answered + hour.missed));
	const high = (n) => ({ blockSize: `${(n / most) * 100}%` });
	const spoken = hours.map((hour, n) => (hour.answered + hour.missed ? `${n} o'clock: ${hour.answered} answered, ${hour.missed} not` : "")).filter(Boolean);
	return html`<div class="chart" role="img" aria-label=${spoken.join("; ")}>
		${hours.map((hour, n) => html`<div><i class="missed" style=${high(hour.missed)}></i><i class="answered" style=${high(hour.answered)}></i><span>${n % 6 === 0 ? n : ""}</span></div>`)}
	</div>`;
}
