// One text of a thread.
import { Badge, html, later, text, words } from "../lib/all.js";

const Media = later("thread-media Media");

/** How far a text that was sent has come, with what a glance tells. What has failed is said in words. */
const TICKS = { queued: "◷", sending: "◷", sent: "✓", delivered: "✓✓", read: "✓✓" };
/** What is no part of what people say to one another. */
const NOTES = {
	reaction: "Reacted",
	edit: "Edited a text",
	deletion: "Deleted a text",
	system: "From WhatsApp",
	unsupported: "Something that cannot be shown",
};
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** The day of a text, for the line between two days. */
export const dayOf = (one) => one && new Date(one.at).toDateString();

export function Bubble({ of: one, path, may }) {
	const at = clock.format(new Date(one.at));
	if (one.kind === "tool") return html`<li class="note">The agent used ${words(one.text)}${one.status && `: ${words(one.status)}`} <small>${at}</small></li>`;
	if (one.kind in NOTES) return html`<li class="note">${NOTES[one.kind]}${one.text && html`: ${text(one.text)}`} <small>${at}</small></li>`;
	const mine = one.way === "out" || one.kind === "echo";
	return html`<li class=${mine ? `out ${one.author ?? "person"}` : "in"}>
		<p class="who">${who(one)} ${!["text", "template", "echo"].includes(one.kind) && html`<${Badge}>${words(one.kind)}<//>`}</p>
		${one.template && html`<p class="small">Template <code>${one.template}</code></p>`}
		${one.text && html`<p class="said" dir="auto">${one.text}</p>`}
		${count(one.media) > 0 && html`<${Media} of=${one} path=${path} may=${may} />`}
		<p class="small">${at} ${one.status && html`<span class=${`tick ${one.status}`}><span aria-hidden="true">${TICKS[one.status] ?? ""}</span> ${words(one.status)}</span>`}${one.receipt && html` <small>${one.receipt === "unknown" ? "whether it arrived cannot be found out" : "its arrival is not confirmed"}</small>`}</p>
		${one.failure && html`<p class="badge bad">${one.failure.detail || words(one.failure.code)}${one.failure.carrier_code && html` <small>(the carrier's code ${one.failure.carrier_code})</small>`}</p>`}
	</li>`;
}

/** How many there are, of a number or a list. */
export const count = (media) => (Array.isArray(media) ? media.length : (media ?? 0));

function who(one) {
	if (one.kind === "echo") return "From the carrier's app";
	if (one.way === "in") return "";
	if (one.author === "agent") return "Agent";
	if (one.author === "business") return "Business";
	return one.author === "notice" ? "Notice" : html`${text(one.author_name ?? "A person")}`;
}
