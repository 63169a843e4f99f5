import { Check, Dialog, Opens, Trouble, ask, html, of, once, to, useEffect, useFields, useLoad, useRef, useState } from "../lib/all.js";
import { openLine } from "../lib/line.js";
import { Talk, linesOf } from "./call-talk.js";

/** What a browser says when it gives no microphone. */
const REFUSALS = {
	NotAllowedError: "The browser does not let this page use the microphone. Allow it beside the address.",
	NotFoundError: "There is no microphone. Connect one.",
	NotReadableError: "Another program uses the microphone. Close it.",
};
const STATES = { idle: "The agent answers as it would answer a telephone.", connecting: "Connecting…", talking: "You are on the line.", over: "The call is over." };

/** Leads to a conversation with the agent as it is in a revision of the settings, in the person's draft, or in what is published. */
export const TalkButton = (props) => props.may("calls:test") && html`<${Opens} label="Talk to the agent" dialog=${TestCall} ...${props} />`;

function TestCall({ business, may, revision, draft, onClose }) {
	const [state, setState] = useState("idle");
	const [sid, setSid] = useState("");
	const [problem, setProblem] = useState(null);
	const [devices, setDevices] = useState([]);
	const { values: how, change, field } = useFields({ device: "", language: "", reason: "", context: "", muted: false, halfDuplex: false });
	const meter = useRef(null);
	/** The line with its call and stream, and whether the person has left it. */
	const now = useRef({ left: false, line: /** @type {any} */ (null), call: "", epoch: 0 });
	const record = useLoad(sid && may("transcripts:read") ? of(business, `/calls/${sid}?include=turns,sessions`) : null, state === "over" ? 0 : 1_000);

	const connect = ({ call, stream }) => {
		Object.assign(now.current, { call, epoch: stream.epoch });
		now.current.line.begin(call, stream);
		setState("talking");
	};
	// A stream broke, or the call is over: the API knows which.
	const onOver = async () => {
		const { call, epoch, line } = now.current;
		setState("connecting");
		try {
			const { data } = await ask("POST", of(business, `/test_calls/${call}/resume`), { body: { epoch } });
			if (data.stream && !now.current.left) return connect(data);
		} catch (problem) {
			setProblem(problem);
		}
		line.close();
		setState("over");
	};
	const begin = async () => {
		now.current.left = false;
		setState("connecting");
		setProblem(null);
		try {
			if (!navigator.mediaDevices) throw new Error("A browser gives a microphone to pages of https, or of this computer, alone.");
			const line = await openLine(how.device, { onOver, onLevel: (level) => meter.current && (meter.current.value = level) });
			now.current.line = line;
			line.set(how);
			if (now.current.left) throw new Error("You have hung up.");
			const { data } = await ask("POST", of(business, "/test_calls"), { body: { ...(draft ? { draft } : revision && { revision }), ...Object.fromEntries(["language", "reason", "context"].map((name) => [name, how[name].trim()]).filter(([, value]) => value)) }, headers: once() });
			setSid(data.call);
			if (now.current.left) setState("over");
			else connect(data);
		} catch (problem) {
			now.current.line?.close();
			setProblem({ title: "no call", status: problem.status, errors: problem.errors, message: REFUSALS[problem.name] ?? problem.message });
			setState("idle");
		}
	};
	const hangUp = () => {
		now.current.left = true;
		now.current.line?.close();
	};
	useEffect(() => {
		// They have labels once the person has let this page use one.
		navigator.mediaDevices?.enumerateDevices().then((all) => setDevices(all.filter(({ kind, label }) => kind === "audioinput" && label)));
		addEventListener("pagehide", hangUp);
		return () => {
			removeEventListener("pagehide", hangUp);
			hangUp();
		};
	}, []);
	useEffect(() => now.current.line?.set(how), [how]);
	return html`<${Dialog} title="Talk to the agent" onClose=${onClose}>
		<p role="status">${STATES[state]} ${draft ? "With your draft, as it is now." : revision && `Revision ${revision} of the settings.`}</p>
		<${Trouble} of=${problem} />
		<div class="row">
			${state === "idle" && html`<button class="first" onClick=${begin}>Begin</button>`}
			${state === "idle" && field("language", "Language", { placeholder: "the first one" })}
			${state === "idle" && devices.length > 0 && field("device", "Microphone", { options: [["", "the usual one"], ...devices.map(({ deviceId, label }) => [deviceId, label])] })}
			${state === "over" && html`<a class="button" href=${to(["b", business, "calls", sid])}>What the call came to</a>`}
			${(state === "talking" || state === "connecting") && html`<button class="bad" onClick=${hangUp}>Hang up</button>`}
			<meter ref=${meter} min="0" max="1" aria-label="Loudness of the microphone"></meter>
		</div>
		${state === "idle" && html`<details>
			<summary>As a call that is placed</summary>
			${field("reason", "Reason, which the agent says", { maxlength: 200 })} ${field("context", "What the agent should know", { rows: 3, maxlength: 4000 })}
		</details>`}
		<${Check} label="Mute the microphone" checked=${how.muted} onChange=${change("muted")} />
		<${Check} label="One speaks at a time" hint="Where the agent hears itself; headphones are better" checked=${how.halfDuplex} onChange=${change("halfDuplex")} />
		${state === "talking" && html`<div class="keypad" role="group" aria-label="Keypad">${[..."123456789*0#"].map((digit) => html`<button onClick=${() => now.current.line.press(digit)}>${digit}</button>`)}</div>`}
		${record.data && html`<${Talk} of=${linesOf(record.data, Date.parse(record.data.answered_at))} live=${state !== "over"} />`}
	<//>`;
}
