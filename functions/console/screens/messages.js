// What callers left, as a list that people work off.
import { Badge, Field, Form, Head, Loaded, Pages, Table, ask, dateTime, duration, go, html, of, search, text, to, useLoad, usePages, useState, words } from "../lib/all.js";
import { choices } from "./calls.js";

/** `waiting` is the frame's look at how much waits. */
export function Messages({ query, ...all }) {
	const asked = { state: query.get("state") ?? "waiting", kind: query.get("kind") ?? "" };
	const field = (name, label, options) => html`<${Field} label=${label} value=${asked[name]} options=${options} onInput=${(value) => go(to(["b", all.business, "messages"], { ...asked, [name]: value }), true)} />`;
	return html`<${Head} title="Messages" />
		<div class="sheet row" role="search" aria-label="Filters">
			${field("state", "State", choices("", ["waiting", "done", "all"]).slice(1))}
			${field("kind", "Kind", choices("all", ["message", "voicemail"]))}
		</div>
		<${List} key=${search(asked)} asked=${asked} ...${all} />`;
}

function List({ asked, business, may, waiting }) {
	const pages = usePages();
	const list = useLoad(of(business, `/messages?${search({ ...asked, cursor: pages.cursor, include: may("transcripts:read") && "words" })}`), 10_000);
	const mark = (one) => async () => {
		await ask("PATCH", of(business, `/messages/${one.id}`), { body: { state: one.done_by ? "waiting" : "done" } });
		await Promise.all([list.reload(), waiting.reload()]);
	};
	const columns = {
		When: (one) => html`<a href=${to(["b", business, "calls", one.call])}>${dateTime(one.taken_at)}</a>`,
		From: (one) => html`<bdi>${one.caller ?? "withheld"}</bdi>`,
		For: (one) => text(one.recipient ?? "–"),
		Message: (one) => html`<div>${text(one.text)} ${one.callback && html`<p class="small">Call back: ${one.callback}</p>`}
			${one.recording && html`<${Voicemail} path=${of(business, `/calls/${one.call}/recordings/${one.recording.sid}`)} recording=${one.recording} may=${may} />`}</div>`,
		State: (one) => html`<div><${Badge} tone=${one.done_by ? "good" : "busy"}>${one.state}<//> ${one.done_by && html`<small>${text(one.done_by.name)}, ${dateTime(one.done_at)}</small>`}</div>`,
		"": (one) => may("messages:write") && html`<${Form} tone="" label=${one.done_by ? "Undo" : "Done"} act=${mark(one)} />`,
	};
	return html`<${Loaded} of=${list}>
		${(data) => html`<${Table} caption="Messages" columns=${columns} rows=${data.messages} id=${(one) => one.id} empty=${data.next ? "Nothing so far." : "Nothing."} />
			<${Pages} of=${pages} next=${data.next} />`}
	<//>`;
}

/** A voicemail. Its link is good for some minutes: when it is refused, it is asked for again. */
function Voicemail({ path, recording: { state, duration_ms: ms }, may }) {
	const [url, setUrl] = useState("");
	const play = async () => setUrl((await ask("GET", path)).data.url);
	if (state !== "archived") return html`<small>Voicemail, ${words(state)}</small>`;
	return html`<small>Voicemail, ${duration(ms / 1_000)}</small>
		${url ? html`<audio controls autoplay src=${url} aria-label="Voicemail" onError=${() => setUrl("")}></audio>` : may("recordings:read") && html`<${Form} tone="" label="Play" act=${play} />`}`;
}
