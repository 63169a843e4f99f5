// What callers left, as a list that people work off.
import { Filters, Form, Head, List, State, ask, choices, dateTime, duration, filtersOf, html, of, search, text, to, useLoad, usePages, useState, words } from "../lib/all.js";

/** `waiting` is the frame's look at how much waits. */
export function Messages({ query, business, may, waiting }) {
	const { chosen, field } = filtersOf(["b", business, "messages"], query, ["state", "kind"]);
	const asked = { ...chosen, state: chosen.state || "waiting", include: may("transcripts:read") && "words" };
	const pages = usePages(search(asked));
	const list = useLoad(of(business, `/messages?${search({ ...asked, cursor: pages.cursor })}`), 10_000);
	const mark = (one) => async () => {
		await ask("PATCH", of(business, `/messages/${one.id}`), { body: { state: one.done_by ? "waiting" : "done" } });
		await Promise.all([list.reload(), waiting.reload()]);
	};
	const columns = {
		When: (one) => html`<a href=${to(["b", business, ...(one.thread ? ["inbox", one.thread] : ["calls", one.call])])}>${dateTime(one.taken_at)}</a>`,
		From: (one) => html`<bdi>${one.caller ?? (one.thread ? "in writing" : "withheld")}</bdi>`,
		For: (one) => text(one.recipient ?? "–"),
		Message: (one) => html`${text(one.text)} ${one.callback && html`<p class="small">Call back: ${one.callback}</p>`}
			${one.recording && html`<${Voicemail} path=${of(business, `/calls/${one.call}/recordings/${one.recording.sid}`)} recording=${one.recording} may=${may} />`}`,
		State: (one) => html`<${State} of=${one.state} /> ${one.done_by && html`<small>${text(one.done_by.name)}, ${dateTime(one.done_at)}</small>`}`,
		"": (one) => may("messages:write") && html`<${Form} tone="" label=${one.done_by ? "Undo" : "Done"} act=${mark(one)} />`,
	};
	return html`<${Head} title="Messages" />
		<${Filters}>
			${field("state", "State", { value: asked.state, options: choices("", ["waiting", "done", "all"]).slice(1) })}
			${field("kind", "Kind", { options: choices("all", ["message", "voicemail"]) })}
		<//>
		<${List} of=${list} name="messages" caption="Messages" columns=${columns} pages=${pages} empty=${list.data?.next ? "Nothing so far." : "Nothing."} />`;
}

/** A voicemail. Its link is good for some minutes: when it is refused, it is asked for again. */
function Voicemail({ path, recording: { state, duration_ms: ms }, may }) {
	const [url, setUrl] = useState("");
	const play = async () => setUrl((await ask("GET", path)).data.url);
	if (state !== "archived") return html`<small>Voicemail, ${words(state)}</small>`;
	return html`<small>Voicemail, ${duration(ms / 1_000)}</small>
		${url ? html`<audio controls autoplay src=${url} aria-label="Voicemail" onError=${() => setUrl("")}></audio>` : may("recordings:read") && html`<${Form} tone="" label="Play" act=${play} />`}`;
}
