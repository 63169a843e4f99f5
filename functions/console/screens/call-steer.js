import { Ask, Badge, Field, Sheet, Trouble, ask, html, of, once, useAction, useLoad, useState, words } from "../lib/all.js";

/** What can be done with a call that goes on. */
export function Steer({ path, business, call }) {
	const settings = useLoad(of(business, "/settings"));
	const [text, setText] = useState("");
	const [to, setTo] = useState("");
	const [last, setLast] = useState(null);
	const state = useLoad(last ? `${path}/actions/${last.id}` : null, last && !over(last) ? 1_000 : 0);
	const shown = state.data ?? last;
	if (state.data && last && over(state.data) && !over(last)) setLast(state.data);
	const { run, busy, problem } = useAction(async (action) => {
		const { data } = await ask("POST", `${path}/actions`, { body: action, headers: once() });
		setLast(data);
		return data;
	});
	const directory = settings.data?.tools?.directory ?? [];
	const send = (action) => async () => {
		if (await run({ action, text })) setText("");
	};
	if (!call.answered_at) {
		return call.direction === "outbound" && html`<section class="sheet" aria-label="Steer the call">
			<${Ask} label="Cancel the call" question="The phone stops ringing." act=${() => ask("POST", `${path}/cancel`, { headers: once() })} />
		</section>`;
	}
	return html`<${Sheet} title="Steer the call">
		<${Field} label="Words" value=${text} onInput=${setText} hint="Said to the caller, or told to the agent alone" maxlength="1000" />
		<div class="row">
			<button disabled=${busy || !text.trim()} onClick=${send("say")}>Say it to the caller</button>
			<button disabled=${busy || !text.trim()} onClick=${send("note_to_agent")}>Tell the agent</button>
			<button disabled=${busy} onClick=${() => run({ action: "mute_agent" })}>Mute the agent</button>
			<button disabled=${busy} onClick=${() => run({ action: "unmute_agent" })}>Let the agent speak</button>
			<${Ask} label="End the call" question="The agent says goodbye, and the call ends." act=${() => run({ action: "end" })} />
		</div>
		${directory.length > 0 &&
		html`<div class="row">
			<${Field} label="Transfer to" value=${to} onInput=${setTo} options=${[["", "Choose"], ...directory.map(({ id, label }) => [id, label])]} />
			<button disabled=${busy || !to} onClick=${() => run({ action: "transfer", to })}>Transfer</button>
		</div>`}
		<${Trouble} of=${problem} />
		${shown && html`<p role="status">${words(shown.action)}: <${Badge} tone=${shown.state === "done" ? "good" : over(shown) ? "bad" : "busy"}>${words(shown.state)}<//> ${shown.why ? words(shown.why) : ""} <span dir="auto">${shown.detail ?? ""}</span></p>`}
	<//>`;
}

const over = (action) => action.state === "done" || Boolean(action.why);
