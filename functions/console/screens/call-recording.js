import { html, useState } from "../lib/dom.js";
import { ask } from "../lib/api.js";
import { useAction, useLoad } from "../lib/hooks.js";
import { bytes, date, dateTime, duration, words } from "../lib/format.js";
import { Ask, Badge, Copy, Dialog, Fact, Field, Loaded, Table, Trouble } from "../lib/ui.js";

/** The recording's state, and what may be done with it. */
export function RecordingCare({ path, recording, may, reload }) {
	const [sharing, setSharing] = useState(false);
	const archived = recording.state === "archived";
	const hold = useAction(async () => {
		await ask(recording.legal_hold ? "DELETE" : "PUT", `${path}/recording/hold`);
		await reload();
	});
	return html`<section class="sheet" aria-labelledby="recording">
		<h2 id="recording">Recording</h2>
		<dl class="facts">
			<${Fact} name="State"><${Badge} tone=${archived ? "good" : "busy"}>${words(recording.state)}<//> ${recording.legal_hold && html`<${Badge} tone="busy">legal hold<//>`}<//>
			${archived && html`<${Fact} name="Length">${duration(recording.duration_ms / 1_000)}, ${recording.channels} channels, ${bytes(recording.bytes)}<//>
				<${Fact} name="Kept">${words(recording.retention)}, since ${date(recording.archived_at)}<//>
				<${Fact} name="SHA-256"><code>${recording.sha256}</code><//>`}
		</dl>
		<${Trouble} of=${hold.problem} />
		<div class="row">
			${archived && may("recordings:share") && html`<button onClick=${() => setSharing(true)}>Share</button>`}
			${archived && may("recordings:write") && html`<button disabled=${hold.busy} onClick=${hold.run}>${recording.legal_hold ? "Release the hold" : "Hold for legal reasons"}</button>`}
			${may("recordings:write") && recording.state !== "deleted" && html`<${Ask} label="Delete the recording" question="It cannot be played from now on; its bytes, here and at Twilio, are gone within minutes. This cannot be undone." act=${() => ask("DELETE", `${path}/recording`)} then=${reload} />`}
		</div>
		${sharing && html`<${Shares} path=${path} onClose=${() => setSharing(false)} />`}
	</section>`;
}

/** Links that lend the recording. */
function Shares({ path, onClose }) {
	const shares = useLoad(`${path}/recording/shares`);
	const [wish, setWish] = useState({ days: "7", views: "5", passcode: "" });
	const [made, setMade] = useState(/** @type {any} */ (null));
	const set = (name) => (value) => setWish({ ...wish, [name]: value });
	const { run, busy, problem } = useAction(async () => {
		const body = { expires_in: Math.round(Number(wish.days) * 86_400), max_views: Number(wish.views), ...(wish.passcode && { passcode: wish.passcode }) };
		const { data } = await ask("POST", `${path}/recording/shares`, { body });
		setMade(data);
		await shares.reload();
	});
	const columns = [
		{ name: "Made", cell: (share) => dateTime(share.created_at) },
		{ name: "Ends", cell: (share) => (share.ended ? words(share.ended) : dateTime(share.expires_at)) },
		{ name: "Views", number: true, cell: (share) => `${share.views} of ${share.max_views}` },
		{ name: "Passcode", cell: (share) => (share.passcode ? "yes" : "no") },
		{ name: "", cell: (share) => !share.ended && html`<${Ask} label="Revoke" question="Nobody can open the link any more." act=${() => ask("DELETE", `${path}/recording/shares/${share.id}`)} then=${shares.reload} />` },
	];
	return html`<${Dialog} title="Share the recording" onClose=${onClose}>
		${made && html`<div class="notice"><p>Whoever has the link can listen. It is shown once.</p><${Copy} text=${made.url} label="Copy the link" /></div>`}
		<div class="row">
			<${Field} label="Days" type="number" min="1" max="30" value=${wish.days} onInput=${set("days")} />
			<${Field} label="Views" type="number" min="1" max="1000" value=${wish.views} onInput=${set("views")} />
			<${Field} label="Passcode" value=${wish.passcode} onInput=${set("passcode")} autocomplete="off" />
			<button class="first" disabled=${busy} onClick=${run}>Make a link</button>
		</div>
		<${Trouble} of=${problem} />
		<${Loaded} of=${shares}>
			${(data) => data.shares.length > 0 && html`<${Table} caption="Links" columns=${columns} rows=${data.shares} id=${(share) => share.id} />`}
		<//>
	<//>`;
}
