// How a campaign is conducted, as it was written.
import { Fact, count, dateTime, html, money, text, words } from "../lib/all.js";
import { DAYS } from "./rows.js";

export function Plan({ of: one }) {
	const fact = (name, shown) => shown && html`<${Fact} name=${name}>${shown}<//>`;
	const { budget, attempts, goal } = one;
	const caps = [budget.micros !== null && money(budget.micros), budget.minutes !== null && `${count(budget.minutes)} minutes`].filter(Boolean);
	return html`<details class="sheet">
		<summary>How it is conducted</summary>
		<dl class="facts">
			${fact("Made", dateTime(one.created_at))}
			${fact("What for", one.purpose === "marketing" ? "to sell or to advertise" : one.purpose === "service" ? "something that the person has with the business" : words(one.purpose))}
			${fact("Calls from", html`<bdi>${one.from.join(", ")}</bdi>`)}
			${fact("Why it is called", one.reason && text(one.reason))}
			${fact("What the agent knows", one.context && html`<span class="said">${text(one.context)}</span>`)}
			${fact("Language", one.language)} ${fact("Country of numbers without a code", one.country)}
			${fact("Hours", one.hours && DAYS.filter((day) => one.hours[day]?.length).map((day) => html`<div key=${day}>${words(day)} <bdi>${one.hours[day].join(", ")}</bdi></div>`))}
			${fact("No call before", one.starts_at && dateTime(one.starts_at))} ${fact("No call from", one.ends_at && dateTime(one.ends_at))}
			${fact("Calls at once", `${count(one.at_once)} at most`)}
			${fact("Attempts", `${attempts.total} in all, ${attempts.per_day} within 24 hours, ${attempts.per_week} within seven days`)}
			${fact("Budget", caps.join(" and ") || "no cap")}
			${fact("Goal", goal && (goal.lead_status ? html`the lead is ${text(goal.lead_status)}` : html`${text(goal.field)} is ${goal.value ? text(goal.value) : "known"}`))}
		</dl>
	</details>`;
}
