// One thread: what was written, who answers, and until when free words may be sent.
import { Empty, Fact, Form, Head, Loaded, Sheet, State, Trouble, ask, date, dateTime, duration, html, later, of, search, text, to, useEffect, useLoad, useNow, useRef, useState } from "../lib/all.js";
import { Bubble, dayOf } from "./thread-bubble.js";
import { MEDIA, Owner, nameOf } from "./inbox.js";
import { ContactLink } from "./contact-link.js";

const Write = later("thread-write Write");

/** A page of texts. */
const LIMIT = 50;

export function ThreadPage({ business, one: id, may, who }) {
	const path = of(business, `/threads/${encodeURIComponent(id)}`);
	const thread = useLoad(path, 3_000);
	return html`<${Head} title=${thread.data ? text(nameOf(thread.data)) : "Thread"}>
			<p class="small"><a href=${to(["b", business, "inbox"])}>All threads</a></p>
		<//>
		<${Loaded} of=${thread}>
			${(data) => html`<div class="columns wide">
				<${Texts} path=${path} thread=${data} may=${may} who=${who} reload=${thread.reload} />
				<${About} business=${business} path=${path} thread=${data} may=${may} who=${who} reload=${thread.reload} />
			</div>`}
		<//>`;
}

/** The texts, the newest at the end, and what is written next. */
function Texts({ path, thread, may, who, reload }) {
	const newest = useLoad(`${path}/texts?limit=${LIMIT}`, 2_000);
	const [older, setOlder] = useState({ texts: /** @type {any[]} */ ([]), next: undefined, problem: null });
	const next = older.next === undefined ? newest.data?.next : older.next;
	const further = async () => {
		try {
			const { data } = await ask("GET", `${path}/texts?${search({ limit: LIMIT, cursor: next })}`);
			setOlder({ texts: [...older.texts, ...data.texts], next: data.next, problem: null });
		} catch (problem) {
			setOlder({ ...older, problem });
		}
	};
	// A text that is on both pages is shown as the newer answer has it.
	const known = new Map([...older.texts, ...(newest.data?.texts ?? [])].map((one) => [one.number, one]));
	const texts = [...known.values()].sort((one, other) => one.number - other.number);
	const list = useRef(null);
	const isAtEnd = useRef(true);
	const last = texts.at(-1)?.number;
	useEffect(() => {
		// New texts come into view, unless the person reads older ones.
		if (list.current && isAtEnd.current) list.current.scrollTop = list.current.scrollHeight;
	}, [last, newest.data]);
	const scrolled = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => (isAtEnd.current = scrollHeight - scrollTop - clientHeight < 40);
	const sent = () => {
		isAtEnd.current = true;
		return Promise.all([newest.reload(), reload()]);
	};
	return html`<${Sheet} title="Texts">
		<${Loaded} of=${newest}>
			${() => html`<div class="texts" role="log" aria-label="Texts" tabindex="0" ref=${list} onScroll=${scrolled}>
				${next && html`<p class="row"><button onClick=${further}>Show older texts</button></p>`}
				<${Trouble} of=${older.problem} />
				<ol>
					${texts.map((one, index) => html`${dayOf(one) !== dayOf(texts[index - 1]) && html`<li key=${`day ${one.number}`} class="note">${date(one.at)}</li>`}<${Bubble} key=${one.number} of=${one} path=${path} may=${may} />`)}
				</ol>
				${texts.length === 0 && html`<${Empty}>No texts.<//>`}
			</div>`}
		<//>
		${may("texts:write") && html`<${Write} path=${path} thread=${thread} draft=${`${who.key}-${thread.id}`} then=${sent} />`}
	<//>`;
}

/** Who it is, who answers, and what may be sent. */
function About({ business, path, thread, may, who, reload }) {
	const { owner } = thread;
	const hand = (owner) => async () => {
		await ask("PATCH", path, { body: { owner } });
		await reload();
	};
	const isMine = owner.kind === "person" && owner.key === who.key;
	return html`<${Sheet} title="Thread">
		${thread.handed_over && html`<div class="notice"><p><strong>The agent wants a person to answer.</strong> <small>${dateTime(thread.handed_over.at)}</small></p><p dir="auto">${thread.handed_over.reason}</p></div>`}
		${thread.message && html`<p class="notice" dir="auto"><strong>Message.</strong> ${thread.message}</p>`}
		<dl class="facts">
			<${Fact} name="Person"><bdi>${thread.phone ?? thread.person}</bdi>${!thread.phone && html`<br /><small>WhatsApp does not tell the number.</small>`} <${ContactLink} business=${business} may=${may} number=${thread.phone} contact=${thread.contact} /><//>
			<${Fact} name="Over">${MEDIA[thread.medium] ?? thread.medium}, <bdi>${thread.number}</bdi><//>
			<${Fact} name="Since">${dateTime(thread.opened_at)}<//>
			<${Fact} name="Answers"><${Owner} of=${owner} />${owner.until && html`<br /><small>the agent again from ${dateTime(owner.until)} on, if nothing more is written</small>`}<//>
			${thread.waiting && html`<${Fact} name="Unanswered"><${State} of="waiting" /><//>`}
			<${Fact} name="Consent">${thread.stopped_at ? html`<strong>wants no texts</strong> since ${dateTime(thread.stopped_at)}` : "wants texts, or has not said otherwise"}<//>
			<${Fact} name="Free words"><${Window} of=${thread} /><//>
		</dl>
		${may("texts:write") &&
		html`<div class="row">
			${!isMine && html`<${Form} tone="" label="Take over" act=${hand("person")} />`}
			${owner.kind === "person" && html`<${Form} tone="" label="Hand back to the agent" act=${hand("agent")} />`}
		</div>`}
	<//>`;
}

/** Until when free words may be sent. */
function Window({ of: thread }) {
	const now = useNow();
	if (thread.medium !== "whatsapp") return "at any time";
	const left = Date.parse(thread.window_until) - now;
	if (!thread.window_open || !(left > 0)) return "no more, until the person writes again: a template can be sent";
	return html`until ${dateTime(thread.window_until)}, <span role="timer">${duration(left / 1_000)}</span> left`;
}
