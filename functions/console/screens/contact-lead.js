// How far a lead is: what calls suggest, a move, and the moves before.
import { Badge, Fact, Form, FormDialog, Loaded, Opens, Sheet, ask, dateTime, html, ifMatch, of, text, to, useFields, useLoad, useState } from "../lib/all.js";
import { KINDS, personOf, statuses } from "./contact-people.js";

/** Who moved a lead, or would. */
const By = ({ of: by, business, people }) => (by.call ? html`<a href=${to(["b", business, "calls", by.call])}>a call</a>` : personOf(people, by.key));

export function Lead({ business, may, people, contact, etag, path, reload }) {
	const { lead } = contact;
	const pipeline = useLoad(of(business, "/contacts/pipeline"));
	const label = (id) => pipeline.data?.statuses.find((status) => status.id === id)?.label ?? id;
	const move = (status, reason) => ask("POST", `${path}/lead`, { headers: ifMatch(etag), body: { status, ...(reason && { reason }) } });
	const moved = (status) => async () => {
		await move(status);
		await reload();
	};
	const again = () => html`<button type="button" onClick=${() => reload()}>See how it is now</button>`;
	const { suggestion } = lead;
	return html`<${Sheet} title="Lead">
		<p><${Badge} tone=${KINDS[lead.kind]}>${lead.label}<//> ${lead.since && html`<small>since ${dateTime(lead.since)}</small>`}</p>
		${suggestion &&
		html`<div class="notice">
			<p><strong>Suggested: ${label(suggestion.to)}</strong>${suggestion.confidence !== null && suggestion.confidence !== undefined && `, ${suggestion.confidence} % sure`}, by <${By} of=${suggestion.by} business=${business} people=${people} />, ${dateTime(suggestion.at)}.</p>
			${suggestion.reason && html`<p dir="auto">${suggestion.reason}</p>`}
			${may("contacts:write") && html`<div class="row"><${Form} label="Accept" stale=${again} act=${moved(suggestion.to)} /><${Form} tone="" label="Refuse" stale=${again} act=${moved(lead.status)} /></div>`}
		</div>`}
		<div class="row">
			${may("contacts:write") && pipeline.data && html`<${Opens} label="Move" dialog=${Move} move=${move} from=${lead.status} options=${statuses(pipeline)} stale=${again} then=${reload} />`}
		</div>
		${lead.moves > 0 && html`<${History} path=${path} moves=${lead.moves} label=${label} business=${business} people=${people} />`}
	<//>`;
}

function Move({ move, from, options, ...dialog }) {
	const { values, field } = useFields({ to: options.find(([id]) => id !== from)?.[0] ?? from, reason: "" });
	return html`<${FormDialog} ...${dialog} title="Move the lead" label="Move it" act=${() => move(values.to, values.reason.trim())} disabled=${values.to === from}>
		${field("to", "To", { options: options.filter(([id]) => id !== from) })}
		${field("reason", "Why", { rows: 2, maxlength: 4000, hint: "For the history" })}
	<//>`;
}

/** The moves, the last one first: they are loaded when they are wanted. */
function History({ path, moves, label, business, people }) {
	const [open, setOpen] = useState(false);
	// With each move there is another one to load.
	const list = useLoad(open ? `${path}/timeline?kind=lead_move&limit=100` : null, 10_000);
	return html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}>
		<summary>Moves: ${moves}</summary>
		<${Loaded} of=${list}>
			${(data) => html`<dl class="facts">
				${data.entries.map(({ at, lead_move: move }) => html`<${Fact} name=${dateTime(at)}>${label(move.from) ?? "the beginning"} → <strong>${label(move.to)}</strong> by <${By} of=${move.by} business=${business} people=${people} />${move.confidence !== null && move.confidence !== undefined && `, ${move.confidence} % sure`}${move.reason && html`<br />${text(move.reason)}`}<//>`)}
			</dl>`}
		<//>
	</details>`;
}
