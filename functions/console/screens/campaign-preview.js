// Who would be called next, when and at what cost, or why not; and the start.
import { Fact, FormDialog, List, Opens, Sheet, ask, count, dateTime, duration, html, ifMatch, money, search, text, useLoad, usePages, useState } from "../lib/all.js";
import { SKIPS, WAITS } from "./campaign-words.js";
import { inZone } from "../lib/zone.js";

/** A time that clocks somewhere show, which is of no zone. */
const shown = inZone({ dateStyle: "medium", timeStyle: "short" }, "UTC");
const clock = (time) => (time ? html`<bdi>${shown(`${time}Z`)}</bdi>` : "–");

export function Preview({ path, campaign, etag, mayWrite, reload }) {
	const pages = usePages();
	const list = useLoad(`${path}/preview?${search({ limit: 25, cursor: pages.cursor })}`, 30_000);
	const columns = {
		Person: (one) => html`${one.name && html`${text(one.name)}<br />`}<bdi>${one.to}</bdi>`,
		"By their clocks": (one) => (one.at ? (one.callee_time ? clock(one.callee_time) : "not the same everywhere where they may be") : "–"),
		"By yours": (one) => clock(one.business_time),
		"Why not": (one) => (one.skipped ? html`<span class="badge long bad">${SKIPS[one.skipped] ?? one.detail}</span>` : one.waiting_for ? (WAITS[one.waiting_for] ?? one.detail) : ""),
	};
	return html`${list.data && html`<${Cost} of=${list.data.each} people=${campaign.report?.valid} state=${campaign.state} />`}
		${mayWrite && campaign.state === "ready" && html`<${Start} path=${path} campaign=${campaign} etag=${etag} reload=${reload} />`}
		<h2>Who would be called, and when</h2>
		<${List} of=${list} name="people" caption="Who would be called" columns=${columns} id=${(one) => one.number} pages=${pages} empty="Nobody is left to be called." />`;
}

/** What a call is expected to come to, and all of them. */
const Cost = ({ of: each, people, state }) => html`<${Sheet} title="What it may come to">
	<dl class="facts">
		<${Fact} name="A call">${each.micros === null ? "not known before the first conversation" : `about ${money(each.micros)}, ${duration(each.seconds)}`}<//>
		<${Fact} name="At most">${each.micros_at_most === null ? "a price is not known" : money(each.micros_at_most)}, ${count(each.minutes_at_most)} minutes<//>
		${state === "ready" && people > 0 && each.micros_at_most !== null && html`<${Fact} name="One attempt at each">${money(each.micros_at_most * people)} at most, if each of them spoke for so long<//>`}
	</dl>
<//>`;

/** What was looked at is what is started. */
function Start({ path, campaign, etag, reload }) {
	const { report } = campaign;
	const isGood = report.valid > 0 && !report.missing.length;
	return html`<div class="row">
		<${Opens} label="Start" tone="first" disabled=${!isGood} dialog=${Sure} path=${path} campaign=${campaign} etag=${etag} reload=${reload} />
		${!isGood && html`<p>It cannot be started: see what was found.</p>`}
	</div>`;
}

/** What was so when the dialog opened is what is started, however often it is read behind it. */
function Sure({ path, reload, label, onClose, ...now }) {
	const [{ campaign, etag }] = useState(now);
	const start = async () => {
		await ask("POST", `${path}/start`, { headers: ifMatch(etag) }).catch(async (problem) => {
			if (problem.status === 412) await reload();
			throw problem;
		});
		await reload();
	};
	return html`<${FormDialog} title=${label} label=${label} act=${start} onClose=${onClose} stale=${() => "It was changed meanwhile: close this, and look at it as it is now."}>
		<p>Calls begin as soon as people may be called${campaign.starts_at && `, from ${dateTime(campaign.starts_at)} on`}. ${count(campaign.report.valid)} people are to be called.</p>
	<//>`;
}
