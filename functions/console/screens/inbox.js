// Threads of texts, the one that was written in last first.
import { Badge, Filters, Head, List, State, dateTime, filtersOf, html, of, search, text, to, useLoad, usePages, words } from "../lib/all.js";

/** What narrows the list down, of what is on the page. */
const SHOWN = {
	waiting: ["unanswered", (one) => one.waiting],
	handed: ["that the agent handed over", (one) => one.handed_over],
	person: ["with a person", (one) => one.owner.kind === "person"],
	agent: ["with the agent", (one) => one.owner.kind === "agent"],
};
export const MEDIA = { sms: "SMS", whatsapp: "WhatsApp" };

export const nameOf = (thread) => thread.name ?? thread.phone ?? thread.person;

/** Who answers, in a word. */
export const Owner = ({ of: owner }) => (owner.kind === "agent" ? html`<${Badge}>agent<//>` : html`<${Badge} tone="good">${text(owner.name ?? "the carrier's app")}<//>`);

/** The last words, shortened, and whose they are. */
export function Last({ of: last }) {
	if (!last) return "–";
	const whose = last.way === "in" ? "" : last.author === "agent" ? "Agent:" : `${last.author_name ?? "We"}:`;
	const said = last.text || words(last.template ?? last.kind);
	return html`${whose && html`<bdi>${whose}</bdi> `}${text(said.length > 120 ? `${said.slice(0, 120)}…` : said)}${last.failure && html` <${Badge} tone="bad">${words(last.status)}<//>`}`;
}

export function Inbox({ query, business }) {
	const { chosen, field } = filtersOf(["b", business, "inbox"], query, ["show"]);
	const pages = usePages();
	const list = useLoad(of(business, `/threads?${search({ limit: 50, cursor: pages.cursor })}`), 3_000);
	const columns = {
		Who: (one) => html`<a href=${to(["b", business, "inbox", one.id])}>${text(nameOf(one))}</a>${one.name && html`<br /><small><bdi>${one.phone ?? one.person}</bdi></small>`}`,
		"Last words": (one) => html`<${Last} of=${one.last} />`,
		When: (one) => dateTime(one.last_at),
		Over: (one) => html`${MEDIA[one.medium] ?? one.medium}<br /><small><bdi>${one.number}</bdi></small>`,
		Answers: (one) => html`<${Owner} of=${one.owner} />`,
		State: (one) => html`${one.waiting && html`<${State} of="waiting" /> `}${one.handed_over && html`<${Badge} tone="busy">wants a person<//> `}${one.stopped_at && html`<${Badge} tone="bad">wants no texts<//> `}${!one.window_open && html`<${Badge}>window closed<//>`}`,
	};
	const [, fits] = SHOWN[chosen.show] ?? [];
	return html`<${Head} title="Inbox" />
		<${Filters}>${field("show", "Show", { options: [["", "all threads"], ...Object.entries(SHOWN).map(([name, [label]]) => [name, label])] })}<//>
		<${List} of=${list} name="threads" fits=${fits} caption="Threads" columns=${columns} mark=${(one) => one.waiting && "live"} pages=${pages} empty=${fits ? `No thread ${list.data?.next ? "on this page " : ""}fits.` : "No texts yet. They come in once a number is set up for them."} />`;
}
