// A campaign that was started: how far it is, what its calls came to, and what can be done with it.
import { Fact, Figure, Sheet, count, dateTime, duration, html, later, money, text, to, words } from "../lib/all.js";
import { ENTRIES, FORECASTS, OVER, SKIPS, outcome, paused } from "./campaign-words.js";
import { Steer } from "./campaign-steer.js";
import { Chart } from "./overview.js";

const Entries = later("campaign-entries Entries");
const Next = later("campaign-next Next");
const Plan = later("campaign-plan Plan");

export function Progress({ business, may, path, campaign, etag, reload }) {
	const { progress } = campaign;
	return html`${campaign.pause && html`<${Paused} of=${campaign.pause} business=${business} />`}
		<${Steer} path=${path} campaign=${campaign} etag=${etag} reload=${reload} business=${business} may=${may} />
		<${Sums} of=${campaign} />
		<div class="columns">
			<${Bars} title="What came of people" sums=${progress.done} all=${progress.total} label=${outcome} />
			<${Bars} title="How far people are" sums=${progress.entries} all=${progress.total} label=${(state) => ENTRIES[state] ?? words(state)} />
			<${Bars} title="What calls came to" sums=${progress.outcomes} all=${progress.calls} label=${outcome} />
			<${Bars} title="Why people are not called" sums=${progress.skipped} all=${progress.total} label=${(why) => SKIPS[why] ?? words(why)} />
		</div>
		<${Hours} of=${progress.hours} />
		${!OVER.includes(campaign.state) && html`<${Next} path=${path} campaign=${campaign} />`}
		<${Plan} of=${campaign} />
		<${Entries} path=${path} business=${business} progress=${progress} />`;
}

/** Why it is paused, and what to do; the calls that made it pause. */
function Paused({ of: pause, business }) {
	const [why, what] = paused(pause);
	return html`<div class="trouble" role="alert">
		<strong>${text(why)}</strong>
		<p>${what}</p>
		${pause.calls.length > 0 &&
		html`<ul>
			${pause.calls.map((one) => html`<li key=${one.call}><a href=${to(["b", business, "calls", one.call])}>${dateTime(one.ended_at)}</a>: ${one.failed ? "failed, " : ""}${outcome(one.outcome)}</li>`)}
		</ul>`}
	</div>`;
}

function Sums({ of: campaign }) {
	const { progress, budget, forecast } = campaign;
	const { done = 0, skipped = 0 } = progress.entries;
	const { goal } = progress;
	const against = (spent, cap, shown) => (cap === null ? "no cap" : html`of ${shown(cap)} <progress max=${cap || 1} value=${spent} aria-label="Of the budget"></progress>`);
	return html`<dl class="figures sheet">
		<${Figure} name="Dealt with" value=${`${count(done + skipped)} of ${count(progress.total)}`} note=${html`<progress max=${progress.total || 1} value=${done + skipped} aria-label="Dealt with"></progress>`} />
		<${Figure} name="Calls" value=${count(progress.calls)} note=${progress.talk_seconds ? `${duration(progress.talk_seconds)} talked` : ""} />
		<${Figure} name="Answered by a person" value=${progress.answer_rate === null ? "–" : `${progress.answer_rate} %`} />
		<${Figure} name="Spent at most" value=${money(progress.micros)} note=${against(progress.micros, budget.micros, money)} />
		<${Figure} name="Minutes" value=${count(progress.minutes)} note=${against(progress.minutes, budget.minutes, count)} />
		${goal && html`<${Figure} name="Goal reached" value=${goal.rate === null ? count(goal.reached) : `${count(goal.reached)} (${goal.rate} %)`} note=${goal.awaited ? `calls that are not summed up yet: ${count(goal.awaited)}` : "of calls that a person answered"} />
			<${Figure} name="Cost of each goal" value=${money(goal.micros_each)} note=${`${money(goal.micros)} in all`} />`}
		${forecast && html`<${Figure} name="Expected end" value=${forecast.ends_at ? dateTime(forecast.ends_at) : "–"} note=${forecast.ends_at ? `${forecast.per_hour === null ? "" : `${count(forecast.per_hour)} people an hour`}${forecast.is_cut ? "; its time ends before that, and who is left then is not called" : ""}` : (FORECASTS[forecast.unknown] ?? `Not known: ${words(forecast.unknown)}.`)} />`}
	</dl>`;
}

/** Sums as bars; nothing of what there is none of. */
function Bars({ title, sums, all, label }) {
	const some = Object.entries(sums).filter(([, n]) => n > 0).sort(([, one], [, other]) => other - one);
	return some.length > 0 && html`<${Sheet} title=${title}>
		<dl class="facts">${some.map(([code, n]) => html`<${Fact} key=${code} name=${label(code)}>${count(n)} <meter max=${all || 1} value=${n} aria-label=${label(code)}></meter><//>`)}</dl>
	<//>`;
}

/** Calls by the hour of the day at which they began, by the clocks of the business. */
function Hours({ of: hours }) {
	if (!Object.keys(hours).length) return null;
	const all = Array.from({ length: 24 }, (_, hour) => {
		// The API writes hours with two digits.
		const { calls = 0, answered = 0, answer_rate = null } = hours[String(hour).padStart(2, "0")] ?? {};
		return { answered, missed: calls - answered, name: `${hour} o'clock${answer_rate === null ? "" : `, ${answer_rate} %`}`, mark: hour % 6 ? "" : hour };
	});
	return html`<${Chart} title="Answered by hour of day" of=${all} />`;
}
