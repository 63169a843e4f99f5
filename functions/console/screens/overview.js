import { Badge, Empty, Figure, Head, Loaded, Sheet, count, html, millis, of, to, useLoad, words } from "../lib/all.js";
import { CallTable } from "./calls.js";
import { TalkButton } from "./test-call.js";
import { Month } from "./usage.js";

export function Overview({ business, may, waiting }) {
	const calls = useLoad(of(business, "/calls?limit=10&include=session,cost"), 10_000);
	const figures = useLoad(of(business, "/statistics"), 30_000);
	const usage = useLoad(may("usage:read") ? of(business, "/usage") : null, 30_000);
	return html`<${Head} title="Overview"><${TalkButton} business=${business} may=${may} /><//>
		<${Checklist} business=${business} may=${may} calls=${calls.data} />
		${waiting.data && html`<dl class="figures sheet"><${Figure} name="Messages waiting" value=${html`<a href=${to(["b", business, "messages"])}>${count(waiting.data.waiting.count)}</a>`} /></dl>`}
		${usage.data && html`<${Month} usage=${usage.data} />`}
		<${Loaded} of=${figures}>${(data) => data.days.length > 0 && html`<${Days} of=${data} />`}<//>
		<${Loaded} of=${calls}>
			${(page) =>
				page.calls.length === 0
					? html`<${Empty}>There are no calls yet.<//>`
					: html`<h2>Latest calls</h2>
							<${CallTable} calls=${page.calls} business=${business} />`}
		<//>`;
}

/** The calls of the last thirty days. */
function Days({ of: { days, hours, greeting, turn_latency: latency, ends } }) {
	const sum = (kind) => count(days.reduce((all, day) => all + day[kind], 0));
	const times = (name, of) => html`<${Figure} name=${name} value=${millis(of?.p50_ms)} note=${of ? `95 % within ${millis(of.p95_ms)}` : ""} />`;
	return html`<dl class="figures sheet">
			<${Figure} name="Answered" value=${sum("answered")} note="30 days" />
			<${Figure} name="Not answered" value=${sum("missed")} />
			${times("Greeting after", greeting)} ${times("Answers after", latency)}
			${ends.map((end) => html`<${Figure} name=${words(end.end)} value=${count(end.calls)} />`)}
		</dl>
		<${Sheet} title="Calls by hour">
			<${Hours} of=${hours} />
			<p class="small">Blue: answered; red: not answered.</p>
		<//>`;
}

function Hours({ of }) {
	const most = Math.max(1, ...of.map(({ answered, missed }) => answered + missed));
	const high = (n) => ({ blockSize: `${(n / most) * 100}%` });
	const spoken = of.filter(({ answered, missed }) => answered + missed).map(({ hour, answered, missed }) => `${hour} o'clock: ${answered} answered, ${missed} not`);
	return html`<div class="chart" role="img" aria-label=${spoken.join("; ")}>
		${of.map(({ hour, answered, missed }) => html`<div><i class="missed" style=${high(missed)}></i><i class="answered" style=${high(answered)}></i><span>${hour % 6 ? "" : hour}</span></div>`)}
	</div>`;
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
