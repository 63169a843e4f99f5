import { html, useState } from "../lib/dom.js";
import { ask, ifMatch, once } from "../lib/api.js";
import { useAction, useLoad } from "../lib/hooks.js";
import { dateTime, words } from "../lib/format.js";
import { Check, Dialog, Field, Loaded, Trouble } from "../lib/ui.js";

const STAGES = [
	{ name: "recording", label: "Fetch the recording again" },
	{ name: "transcript", label: "Write the transcript anew from the recording" },
	{ name: "summary", label: "Sum the call up again" },
	{ name: "extraction", label: "Look for the facts again" },
];

/** Corrects the transcript, and has the call processed again. */
export function Correct({ path, call, may, reload }) {
	const [open, setOpen] = useState("");
	if (!may("transcripts:write")) return null;
	return html`<section class="sheet" aria-labelledby="correct">
		<h2 id="correct">Transcript</h2>
		<p class="small">${call.transcript ? `Version ${call.transcript.version}, ${words(call.transcript_source)}, ${dateTime(call.transcript.at)}` : "There is none yet."}</p>
		<div class="row">
			<button disabled=${!may("transcripts:read")} onClick=${() => setOpen("lines")}>Correct it</button>
			<button onClick=${() => setOpen("again")}>Process the call again</button>
		</div>
		${open === "lines" && html`<${Lines} path=${path} onClose=${() => setOpen("")} reload=${reload} />`}
		${open === "again" && html`<${Again} path=${path} onClose=${() => setOpen("")} />`}
	</section>`;
}

function Lines({ path, onClose, reload }) {
	const transcript = useLoad(`${path}/transcript`);
	const [lines, setLines] = useState(/** @type {any[] | null} */ (null));
	const shown = lines ?? transcript.data?.lines ?? [];
	const set = (n) => (text) => setLines(shown.map((line, k) => (k === n ? { ...line, text } : line)));
	const { run, busy, problem } = useAction(async () => {
		const kept = shown.filter((line) => line.text.trim());
		await ask("PUT", `${path}/transcript`, { body: { lines: kept }, headers: ifMatch(transcript.etag) });
		await reload();
		onClose();
	});
	// Somebody else was first: their lines are shown, and these are kept to be put in again.
	const stale = problem?.status === 412;
	return html`<${Dialog} title="Correct the transcript" onClose=${onClose}>
		<${Loaded} of=${transcript}>
			${shown.map((line, n) => html`<${Field} key=${n} label=${line.speaker ?? "unknown"} value=${line.text} onInput=${set(n)} rows=${2} />`)}
			<${Trouble} of=${problem} />
			${stale && html`<p><button onClick=${() => transcript.reload()}>Save mine over the newer one</button></p>`}
			<footer>
				<button onClick=${onClose}>Cancel</button>
				<button class="first" disabled=${busy || !lines} onClick=${run}>Save as a new version</button>
			</footer>
		<//>
	<//>`;
}

function Again({ path, onClose }) {
	const [stages, setStages] = useState(/** @type {string[]} */ (["summary", "extraction"]));
	const [run, setRun] = useState(/** @type {any} */ (null));
	const state = useLoad(run ? `${path}/reprocess/${run.run}` : null, { every: 2_000 });
	const start = useAction(async () => {
		const { data } = await ask("POST", `${path}/reprocess`, { body: { stages }, headers: once() });
		setRun(data);
	});
	const set = (name) => (wanted) => setStages(STAGES.map((stage) => stage.name).filter((other) => (other === name ? wanted : stages.includes(other))));
	return html`<${Dialog} title="Process the call again" onClose=${onClose}>
		${STAGES.map((stage) => html`<${Check} key=${stage.name} label=${stage.label} checked=${stages.includes(stage.name)} onChange=${set(stage.name)} disabled=${run !== null} />`)}
		<${Trouble} of=${start.problem ?? state.problem} />
		${run && html`<p role="status">Run ${run.run}: ${words((state.data ?? run).state)}</p>`}
		<footer>
			<button onClick=${onClose}>Close</button>
			<button class="first" disabled=${start.busy || run !== null || stages.length === 0} onClick=${start.run}>Start</button>
		</footer>
	<//>`;
}
