import { Ask, Badge, Check, Copy, Dialog, Fact, Field, Form, FormDialog, List, Loaded, Opens, Sheet, State, Trouble, ask, bytes, date, dateTime, duration, html, ifMatch, useFields, useLoad, useState, words } from "../lib/all.js";

/** The recording's state, and what may be done with it. */
export function RecordingCare({ path, recording, may, reload }) {
	const archived = recording.state === "archived";
	const hold = async () => {
		await ask(recording.legal_hold ? "DELETE" : "PUT", `${path}/recording/hold`);
		await reload();
	};
	return html`<${Sheet} title="Recording">
		<dl class="facts">
			<${Fact} name="State"><${State} of=${recording.state} /> ${recording.reason && words(recording.reason)} ${recording.legal_hold && html`<${Badge} tone="busy">legal hold<//>`}<//>
			${archived && html`<${Fact} name="Length">${duration(recording.duration_ms / 1_000)}, ${recording.channels} channels, ${bytes(recording.bytes)}<//>
				<${Fact} name="Kept">${words(recording.retention)}, since ${date(recording.archived_at)}<//>
				<${Fact} name="SHA-256"><code>${recording.sha256}</code><//>`}
		</dl>
		<div class="row">
			${archived && may("recordings:share") && html`<${Opens} label="Share" dialog=${Shares} path=${path} />`}
			${archived && may("recordings:write") && html`<${Form} tone="" label=${recording.legal_hold ? "Release the hold" : "Hold for legal reasons"} act=${hold} />`}
			${may("recordings:write") && recording.state !== "deleted" && html`<${Ask} label="Delete the recording" question="It cannot be played from now on; its bytes, here and at Twilio, are gone within minutes. This cannot be undone." act=${() => ask("DELETE", `${path}/recording`)} then=${reload} />`}
		</div>
	<//>`;
}

/** Links that lend the recording. */
function Shares({ path, onClose }) {
	const shares = useLoad(`${path}/recording/shares`);
	const { values, field } = useFields({ days: "7", views: "5", passcode: "" });
	const [made, setMade] = useState(null);
	const make = async () => {
		const { days, views, passcode } = values;
		const body = { expires_in: Math.round(Number(days) * 86_400), max_views: Number(views), ...(passcode && { passcode }) };
		const { data } = await ask("POST", `${path}/recording/shares`, { body });
		setMade(data);
		await shares.reload();
	};
	const columns = {
		Made: (share) => dateTime(share.created_at),
		Ends: (share) => (share.ended ? words(share.ended) : dateTime(share.expires_at)),
		Views: (share) => `${share.views} of ${share.max_views}`,
		Passcode: (share) => (share.passcode ? "yes" : "no"),
		"": (share) => !share.ended && html`<${Ask} label="Revoke" question="Nobody can open the link any more." act=${() => ask("DELETE", `${path}/recording/shares/${share.id}`)} then=${shares.reload} />`,
	};
	return html`<${Dialog} title="Share the recording" onClose=${onClose}>
		${made && html`<${Copy} text=${made.url} label="Copy the link">The link lets anyone listen. It is shown once.<//>`}
		<${Form} class="row" label="Make a link" act=${make}>
			${field("days", "Days", { type: "number", min: 1, max: 30 })}
			${field("views", "Views", { type: "number", min: 1, max: 1000 })}
			${field("passcode", "Passcode", { autocomplete: "off" })}
		<//>
		<${List} of=${shares} name="shares" caption="Links" columns=${columns} numbers=${["Views"]} empty="There is no link." />
	<//>`;
}

const STAGES = {
	recording: "Fetch the recording again",
	transcript: "Write the transcript anew from the recording",
	summary: "Sum the call up again",
	extraction: "Look for the facts again",
};

/** Corrects the transcript, and has the call processed again. */
export function Correct({ path, call, may, reload }) {
	if (!may("transcripts:write")) return null;
	return html`<${Sheet} title="Transcript">
		<p class="small">${call.transcript ? `Version ${call.transcript.version}, ${words(call.transcript_source)}, ${dateTime(call.transcript.at)}` : "There is none yet."}</p>
		<div class="row">
			<${Opens} label="Correct it" disabled=${!may("transcripts:read")} dialog=${Lines} path=${path} then=${reload} />
			<${Opens} label="Process the call again" dialog=${Again} path=${path} />
		</div>
	<//>`;
}

function Lines({ path, ...dialog }) {
	const transcript = useLoad(`${path}/transcript`);
	const [lines, setLines] = useState(null);
	const shown = lines ?? transcript.data?.lines ?? [];
	const set = (n) => (text) => setLines(shown.map((line, k) => (k === n ? { ...line, text } : line)));
	const save = () => ask("PUT", `${path}/transcript`, { body: { lines: shown.filter((line) => line.text.trim()) }, headers: ifMatch(transcript.etag) });
	const stale = () => html`<button type="button" onClick=${() => transcript.reload()}>Save mine over the newer one</button>`;
	return html`<${FormDialog} ...${dialog} title="Correct the transcript" label="Save as a new version" stale=${stale} act=${save} disabled=${!lines}>
		<${Loaded} of=${transcript}>${shown.map((line, n) => html`<${Field} key=${n} label=${line.speaker ?? "unknown"} value=${line.text} onInput=${set(n)} rows=${2} />`)}<//>
	<//>`;
}

function Again({ path, ...dialog }) {
	const [stages, setStages] = useState(/** @type {string[]} */ (["summary", "extraction"]));
	const [run, setRun] = useState(null);
	const state = useLoad(run ? `${path}/reprocess/${run.run}` : null, 2_000);
	const start = (headers) => ask("POST", `${path}/reprocess`, { body: { stages }, headers });
	const set = (name) => (wanted) => setStages(Object.keys(STAGES).filter((other) => (other === name ? wanted : stages.includes(other))));
	return html`<${FormDialog} ...${dialog} title="Process the call again" label="Start" stays act=${start} then=${({ data }) => setRun(data)} disabled=${run !== null || stages.length === 0}>
		${Object.entries(STAGES).map(([name, label]) => html`<${Check} key=${name} label=${label} checked=${stages.includes(name)} onChange=${set(name)} disabled=${run !== null} />`)}
		<${Trouble} of=${state.problem} />
		${run && html`<p role="status">Run ${run.run}: ${words((state.data ?? run).state)}</p>`}
	<//>`;
}
