// What happened with a contact, the newest first: calls, messages, appointments, notes, moves of the lead, merges.
import { Ask, Badge, Check, Empty, Field, Form, Loaded, Sheet, Trouble, ask, choices, dateTime, duration, html, search, text, to, useAction, useFields, useLoad, useState, words } from "../lib/all.js";

const KINDS = ["call", "message", "voicemail", "text", "hand_over", "appointment", "note", "lead_move", "lead", "merge", "unmerge"];
const LIMIT = 25;

export function Timeline({ business, may, path }) {
	const [kind, setKind] = useState("");
	const wanted = `${path}/timeline?${search({ limit: LIMIT, kind })}`;
	const newest = useLoad(wanted, 10_000);
	const none = { of: "", entries: /** @type {any[]} */ ([]), next: undefined };
	const [kept, keep] = useState(none);
	const more = kept.of === wanted ? kept : none;
	const next = more.next === undefined ? newest.data?.next : more.next;
	const further = useAction(async () => {
		const { data } = await ask("GET", `${wanted}&${search({ cursor: next })}`);
		keep({ of: wanted, entries: [...more.entries, ...data.entries], next: data.next });
	});
	const again = async () => {
		// What is older may have changed too.
		keep(none);
		await newest.reload();
	};
	return html`<${Sheet} title="What happened">
		${may("contacts:write") && html`<${NewNote} path=${path} then=${again} />`}
		<${Field} label="Show" value=${kind} onInput=${setKind} options=${choices("all", KINDS)} />
		<${Loaded} of=${newest}>
			${(data) => {
				// An entry that has come since is on the newest page, and pushes another one to where it is twice.
				const known = new Map([...data.entries, ...more.entries].map((entry) => [entry.id, entry]));
				return html`${known.size ? html`<ol class="talk">${[...known.values()].map((entry) => html`<${Entry} key=${entry.id} of=${entry} business=${business} may=${may} path=${path} reload=${again} />`)}</ol>` : html`<${Empty}>${kind ? "Nothing of this kind." : "Nothing yet."}<//>`}
					<${Trouble} of=${further.problem} />
					${next && html`<p class="row"><button onClick=${further.run} disabled=${further.busy}>Show earlier</button></p>`}`;
			}}
		<//>
	<//>`;
}

function NewNote({ path, then }) {
	const blank = { text: "", agent_readable: false };
	const { values, set, change, field } = useFields(blank);
	const add = async (headers) => {
		await ask("POST", `${path}/notes`, { headers, body: values });
		set(blank);
		await then();
	};
	return html`<${Form} tone="" label="Add the note" act=${add} disabled=${!values.text.trim()}>
		${field("text", "New note", { rows: 2, maxlength: 4000 })}
		<${Check} label="The agent is told" hint="the next time that it speaks with the person" checked=${values.agent_readable} onChange=${change("agent_readable")} />
	<//>`;
}

function Entry({ of: entry, business, may, path, reload }) {
	return html`<li>
		<p class="who row"><strong>${words(entry.kind)}</strong> <span>${dateTime(entry.at)}</span>
			${entry.note && may("contacts:write") && html`<${Ask} label="Remove" tone="plain" question="The note is removed." act=${() => ask("DELETE", `${path}/notes/${entry.id}`)} then=${reload} />`}</p>
		<${What} of=${entry} business=${business} />
	</li>`;
}

function What({ of: entry, business }) {
	const call = (words) => html`<a href=${to(["b", business, "calls", entry.call])}>${words}</a>`;
	const { note, lead_move: move } = entry;
	switch (entry.kind) {
		case "call":
			return html`${call(`${entry.direction === "outbound" ? "We called" : "They called"}${entry.seconds ? `, ${duration(entry.seconds)}` : ""}`)}${entry.topic && html`: ${text(entry.topic)}`}`;
		case "message":
		case "voicemail":
			return html`Left in ${entry.thread ? html`<a href=${to(["b", business, "inbox", entry.thread])}>a text</a>` : call("a call")}. <a href=${to(["b", business, "messages"], { state: "all" })}>All messages</a>`;
		case "appointment":
			return html`${words(entry.became)}${entry.start && `, for ${dateTime(entry.start)}`}${entry.appointment && html` · <a href=${to(["b", business, "calendar"], { appointment: entry.appointment })}>the appointment</a>`}`;
		case "text":
			return html`<a href=${to(["b", business, "inbox", entry.thread])}>${entry.direction === "outbound" ? "We wrote" : "They wrote"}</a>`;
		case "hand_over":
			return html`<a href=${to(["b", business, "inbox", entry.thread])}>The agent asked for a person</a>${entry.reason && html`: ${text(entry.reason)}`}`;
		case "note":
			return html`<p class="said" dir="auto">${note.text}</p><p class="small">${text(note.by_name)} ${note.agent_readable && html`<${Badge}>the agent is told<//>`}</p>`;
		case "lead_move":
			return html`${move.from ? words(move.from) : "the beginning"} → <strong>${words(move.to)}</strong>${move.reason && html`: ${text(move.reason)}`}`;
		case "lead":
			return html`Filled in <a href=${to(["b", business, "leads", entry.lead_source])}>${text(entry.source_name)}</a>`;
		case "merge":
		case "unmerge":
			return html`${entry.kind === "merge" ? "Merged with" : "Parted from"} <a href=${to(["b", business, "contacts", entry.other])}>another contact</a>`;
		default:
			return entry.thread ? html`<a href=${to(["b", business, "inbox", entry.thread])}>The thread</a>` : null;
	}
}
