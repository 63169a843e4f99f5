import { Badge, Empty, Head, Loaded, Sheet, count, html, of, to, useLoad } from "../lib/all.js";
import { CallTable, missed } from "./calls.js";
import { TalkButton } from "./test-call.js";
import { Month } from "./usage.js";

export function Overview({ business, may }) {
	const calls = useLoad(of(business, "/calls?limit=100&include=session,cost"), 10_000);
	const usage = useLoad(may("usage:read") ? of(business, "/usage") : null, 30_000);
	return html`<${Head} title="Overview"><${TalkButton} business=${business} may=${may} /><//>
		<${Checklist} business=${business} may=${may} calls=${calls.data} />
		${usage.data && html`<${Month} usage=${usage.data} />`}
		<${Loaded} of=${calls}>
			${(page) =>
				page.calls.length === 0
					? html`<${Empty}>There are no calls yet.<//>`
					: html`<${Sheet} title="Calls by hour">
								<${Hours} calls=${page.calls} />
								<p class="small">Of the last ${count(page.calls.length)} calls, by the hour of the day in which they began. Blue: answered; red: not answered.</p>
							<//>
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
		[settings.data !== null, "Publish the settings", "settings"],
		[numbers.data.numbers.length > 0, "Add a number", "numbers"],
		[(calls?.calls.length ?? 0) > 0, "Take the first call", "live"],
	];
	if (steps.every(([done]) => done)) return null;
	return html`<${Sheet} title="To begin with">
		<ol>
			${steps.map(([done, title, place]) => html`<li><a href=${to(["b", business, place])}>${title}</a> <${Badge} tone=${done ? "good" : "busy"}>${done ? "done" : "to do"}<//></li>`)}
		</ol>
	<//>`;
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
