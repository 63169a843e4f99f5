// Campaigns: lists of people who are called one after another, and how far each of them is.
import { Filters, Head, List, count, dateTime, filtersOf, html, money, of, text, to, useLoad } from "../lib/all.js";
import { OVER, PREPARED, STATE_CHOICES, Stand, paused } from "./campaign-words.js";

export function Campaigns({ business, may, query }) {
	const campaigns = useLoad(of(business, "/campaigns"), 5_000);
	const { chosen, field } = filtersOf(["b", business, "campaigns"], query, ["state"]);
	const columns = {
		Name: (one) => html`<a href=${to(["b", business, "campaigns", one.id])}>${text(one.name)}</a><br /><small>${dateTime(one.created_at)}</small>`,
		State: (one) => html`<${Stand} of=${one.state} />${one.pause && html`<br /><small>${paused(one.pause).join(" ")}</small>`}`,
		Progress: (one) => html`<${Dealt} of=${one} />`,
		Calls: (one) => count(one.progress.calls),
		Answered: (one) => (one.progress.answer_rate === null ? "–" : `${one.progress.answer_rate} %`),
		Spent: (one) => money(one.progress.micros),
	};
	return html`<${Head} title="Campaigns">
			${may("campaigns:write") && html`<a class="button first" href=${to(["b", business, "campaigns", "new"])}>New campaign</a>`}
		<//>
		<p>The people of a file are called one after another, each at a time at which they may be called.</p>
		<${Filters}>${field("state", "State", { options: [["", "all"], ...STATE_CHOICES] })}<//>
		<${List} of=${campaigns} name="campaigns" fits=${(one) => !chosen.state || one.state === chosen.state} caption="Campaigns" columns=${columns} numbers=${["Calls", "Answered", "Spent"]} empty=${chosen.state ? "No campaign fits." : "No campaign yet."} />`;
}

/** How many people were dealt with, of all. */
function Dealt({ of: { state, report, progress } }) {
	if (PREPARED.includes(state)) return report?.valid ? `${count(report.valid)} people to call` : "–";
	const { done = 0, skipped = 0 } = progress.entries;
	const said = `${count(done + skipped)} of ${count(progress.total)}`;
	return html`${!OVER.includes(state) && html`<progress max=${progress.total || 1} value=${done + skipped} aria-label=${said}></progress> `}${said}`;
}
