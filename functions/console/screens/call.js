// One call: heard, read, and what it came to.
import { Check, Empty, Fact, Figure, Head, Loaded, Sheet, State, dateTime, duration, html, later, millis, money, of, time, to, useLoad, useState, words } from "../lib/all.js";
import { party } from "./calls.js";
import { Player } from "./call-player.js";
import { Talk, linesOf } from "./call-talk.js";
import { TalkButton } from "./test-call.js";
import { Listen, isHeard } from "./call-listen.js";

const Steps = later("call-steps Steps");
const Steer = later("call-steer Steer");
const Correct = later("call-care Correct");
const RecordingCare = later("call-care RecordingCare");

export function CallPage({ business, one: sid, may }) {
	const path = of(business, `/calls/${encodeURIComponent(sid)}`);
	const [over, setOver] = useState(false);
	const call = useLoad(`${path}?include=events,listeners,session,sessions,recordings,insights,cost${may("contacts:read") ? ",contact" : ""}${may("transcripts:read") ? ",turns,messages,transcript" : ""}`, over ? 0 : 1_000);
	// What follows a call, such as its summary, comes some seconds after its end.
	const settled = Boolean(call.data?.ended_at && (call.data.insights || call.data.refusal || Date.now() - Date.parse(call.data.ended_at) > 120_000));
	if (settled !== over) setOver(settled);
	return html`<${Head} title="Call">
			<p class="small"><a href=${to(["b", business, "calls"])}>All calls</a> · <code>${sid}</code></p>
		<//>
		<${Loaded} of=${call}>
			${(data) => html`<${Record} call=${data} business=${business} path=${path} may=${may} reload=${call.reload} />`}
		<//>`;
}

function Record({ call, business, path, may, reload }) {
	const [at, setAt] = useState({ ms: 0, playing: false });
	const [seek, setSeek] = useState({ ms: 0, n: 0 });
	const [asFinal, setAsFinal] = useState(false);
	const said = linesOf(call, recordingBegan(call));
	const turns = said.lines;
	const final = ["recording", "edited"].includes(call.transcript_source) ? { lines: call.transcript.lines.map(asLine) } : null;
	const session = call.session;
	const goTo = (ms) => setSeek({ ms, n: seek.n + 1 });
	const playable = call.recording?.state === "archived" && may("recordings:read");
	return html`<dl class="figures sheet">
			<${Figure} name="State" value=${html`<${State} of=${call.status} />`} note=${ended(call)} />
			<${Figure} name=${call.direction === "outbound" ? "Called" : "Caller"} value=${party(call)} note=${call.direction === "outbound" ? call.from : call.to} />
			<${Figure} name="Length" value=${duration(call.duration_s)} note=${dateTime(call.opened_at)} />
			<${Figure} name="Cost" value=${money(call.cost?.usd_micros)} note=${call.cost && !call.cost.complete ? "not all of it is known" : ""} />
			<${Figure} name="Greeting heard after" value=${millis(session?.greeting_heard_ms)} />
			<${Figure} name="Answers begin after" value=${millis(session?.turn_latency_ms?.p50)} note=${session?.turn_latency_ms.max > 0 ? `at most ${millis(session.turn_latency_ms.max)}` : ""} />
		</dl>
		${isHeard(call, may) && html`<${Listen} path=${path} onSaid=${reload} />`}
		${!call.ended_at && may("calls:control") && html`<${Steer} path=${path} business=${business} call=${call} />`}
		${playable && html`<${Player} path=${path} recording=${call.recording} turns=${turns} seek=${seek} onPlay=${setAt} />`}
		<div class="columns">
			<${Sheet} title="What was said">
				${final && html`<${Check} label=${`Show the final transcript (${call.transcript_source})`} checked=${asFinal} onChange=${setAsFinal} />`}
				<${Talk} closed=${!call.turns} of=${asFinal && final ? final : said} live=${!call.ended_at} at=${at} onSeek=${playable ? goTo : undefined} />
			<//>
			<div class="stack">
				<${Came} call=${call} />
				<${Steps} turns=${turns} />
				<${Cost} cost=${call.cost} />
				<${Sheet} title="Course">
					<dl class="facts">
						<${Fact} name="Opened">${time(call.opened_at)}<//>
						<${Fact} name="Answered">${time(call.answered_at)}<//>
						<${Fact} name="Ended">${time(call.ended_at)}<//>
						${call.contact && html`<${Fact} name="Contact"><a href=${to(["b", business, "contacts", call.contact.id])}>${call.contact.name ?? "without a name"}</a><//>`}
						<${Fact} name="Settings"><a href=${to(["b", business, "settings"], { revision: call.settings_revision })}>revision ${call.settings_revision ?? "–"}</a>${call.draft && ", a draft of it"} ${call.settings_revision && html`<${TalkButton} business=${business} may=${may} revision=${call.settings_revision} />`}<//>
						${call.listeners?.length > 0 && html`<${Fact} name="Listened to live by">${call.listeners.map((one) => html`<div>key <code>${one.key}</code> ${time(one.began_at)}–${one.ended_at ? time(one.ended_at) : ""}</div>`)}<//>`}
						${session && html`<${Fact} name="Sessions">${session.epoch === 1 ? "one" : `${session.epoch}: the call was resumed`}<//>
							<${Fact} name="Interruptions">${session.barge_ins}<//>
							<${Fact} name="Audio lost">${session.frames.dropped ? `${session.frames.dropped} frames` : "none"}<//>`}
					</dl>
					<details>
						<summary>Events of the provider</summary>
						<ol class="small">${(call.events ?? []).map((event) => html`<li>${time(event.at)} <code>${event.event}</code></li>`)}</ol>
					</details>
				<//>
				${call.recording && html`<${RecordingCare} path=${path} recording=${call.recording} may=${may} reload=${reload} />`}
				${call.ended_at && html`<${Correct} path=${path} call=${call} may=${may} reload=${reload} />`}
			</div>
		</div>`;
}

/** When the recording began: a line of the transcript knows its place in it. */
function recordingBegan(call) {
	const placed = call.transcript_source === "realtime" ? (call.transcript?.lines ?? []) : [];
	for (const line of placed) {
		const turn = call.turns.find((turn) => turn.text.trim() === line.text);
		if (turn && line.start_ms > 0) return Date.parse(turn.at) - line.start_ms;
	}
	return Date.parse(call.answered_at ?? call.opened_at);
}

/** A line of the final transcript as it is shown in place of the turns. */
function asLine(line) {
	const from = line.start_ms ?? 0;
	const long = (line.end_ms ?? from) - from;
	return { speaker: line.speaker ?? "unknown", text: line.text, state: "complete", from, spoken_ms: long, heard_ms: long, latency_ms: null };
}

/** Why a call ended, in words. */
function ended(call) {
	if (call.refusal) return `refused: ${words(call.refusal)}`;
	return call.session?.end_reason ? words(call.session.end_reason) : "";
}

/** What the call came to. */
function Came({ call }) {
	if (!call.ended_at) return null;
	const { summary, extraction = [], lead_status: lead } = call;
	return html`<${Sheet} title="What it came to">
		${summary
			? html`<p dir="auto"><strong>${summary.topic}</strong></p>
					<p dir="auto">${summary.details}</p>
					<dl class="facts">
						<${Fact} name="Outcome">${summary.outcome}<//>
						<${Fact} name="Next step">${summary.next_step ?? "none"}<//>
						<${Fact} name="Lead">${words(lead)}<//>
						${extraction.map((fact) => html`<${Fact} name=${words(fact.name)}>${fact.value} <small>“${fact.quote}”, ${fact.confidence} % sure</small><//>`)}
					</dl>`
			: html`<${Empty}>${call.insights ? `It was not summed up: ${words(call.insights.outcome)}.` : "It is not summed up yet."}<//>`}
		${(call.messages ?? []).map((message) => html`<p class="notice" dir="auto"><strong>Message.</strong> ${message.message}</p>`)}
	<//>`;
}

function Cost({ cost }) {
	if (!cost?.parts.length) return null;
	return html`<${Sheet} title=${`Cost ${money(cost.usd_micros)}`}>
		<dl class="bars">
			${cost.parts.map((part) => html`<div><dt>${words(part.kind)}</dt><dd><meter min="0" max=${cost.usd_micros || 1} value=${part.micros} aria-label=${words(part.kind)}></meter></dd><dd>${part.at_most ? "≤ " : ""}${money(part.micros)}</dd></div>`)}
		</dl>
		<p class="small">Prices as of ${cost.prices_as_of}.</p>
	<//>`;
}
