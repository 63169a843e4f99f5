import { Trouble, ask, html, useAction, useEffect, useRef, useState, words } from "../lib/all.js";
import { hear } from "../lib/hear.js";

/** Why a view is over, by the code that its socket closes with. */
const ENDS = { 1000: "The call is over, or goes on elsewhere.", 1005: "", 4008: "This connection is too slow to listen." };
const BROKEN = "The call cannot be heard now.";

/** Whether there is something to be heard. */
export const isHeard = (call, may) => may("calls:listen") && call.answered_at && !call.ended_at;

/** Hears a call that goes on. The microphone stays closed, and the call's record says who listened. */
export function Listen({ path, onSaid }) {
	const [state, setState] = useState("");
	const [stop, setStop] = useState(/** @type {{now: () => void} | null} */ (null));
	const live = useRef(/** @type {(() => void) | null} */ (null));
	const { run, busy, problem } = useAction(async () => {
		setState("");
		const over = (code) => {
			live.current = null;
			setStop(null);
			setState(ENDS[code] ?? BROKEN);
		};
		const told = ({ event }) => (event === "said" ? onSaid?.() : setState(words(event)));
		live.current = await hear(async () => (await ask("POST", `${path}/listen`)).data, { onTold: told, onOver: over });
		setStop({ now: live.current });
	});
	useEffect(() => () => live.current?.(), []);
	return html`<div class="row">
		${stop ? html`<button onClick=${stop.now}>Stop listening</button>` : html`<button disabled=${busy} onClick=${run} title="You are not heard, and the call's record says that you listened">Listen</button>`}
		<span>${state}</span>
		<${Trouble} of=${problem} />
	</div>`;
}
