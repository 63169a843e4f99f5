import { Empty, Figure, Filters, FormDialog, Head, Loaded, Opens, State, Table, Trouble, ask, choices, count, dateTime, duration, filtersOf, go, html, money, of, save, search, text, to, useEffect, useFields, useLoad, useNow, useRef, useState, words } from "../lib/all.js";

/** Filters that stand in the address, as the API names them. */
const FILTERS = ["status", "direction", "party", "from", "to", "end_reason", "lead_status", "has_recording", "order"];
const STATES = ["live", "completed", "busy", "no-answer", "failed", "canceled"];
const ENDS = ["agent_hang_up", "caller_hang_up", "silence", "voicemail", "max_duration", "requested", "opted_out", "transfer", "model_lost", "caller_lost", "drained", "superseded", "protocol", "unauthorised", "internal"];

/** A day that was chosen as the moment at which it begins, or ends. */
const moment = (day, later = 0) => (day ? new Date(Date.parse(`${day}T00:00`) + later).toISOString() : "");

export function Calls({ business, may, query }) {
	const { chosen, field } = filtersOf(["b", business, "calls"], query, FILTERS);
	const { from, to: until, ...filters } = chosen;
	const wanted = { limit: 50, include: "session,cost", ...filters, opened_after: moment(from), opened_before: moment(until, 86_400_000) };
	const asked = search(wanted);
	const path = (asked) => of(business, `/calls?${asked}`);
	// Calls that go on stand above all others, in whatever order those are.
	const live = useLoad(["", "live"].includes(filters.status) ? path(search({ ...wanted, status: "live", order: "desc" })) : null, 2_000);
	const first = useLoad(path(asked), 10_000);
	const going = live.data?.calls.map((call) => call.sid).join();
	const went = useRef(going);
	useEffect(() => {
		// One that has ended is among the others.
		if (went.current !== undefined && going !== undefined) first.reload();
		went.current = going;
	}, [going]);
	const empty = { of: "", calls: /** @type {any[]} */ ([]), next: undefined, problem: null };
	const [kept, setMore] = useState(empty);
	const more = kept.of === asked ? kept : empty;
	const next = more.next === undefined ? first.data?.next : more.next;
	const further = async () => {
		try {
			const { data } = await ask("GET", path(`${asked}&${search({ cursor: next })}`));
			setMore({ of: asked, calls: [...more.calls, ...data.calls], next: data.next, problem: null });
		} catch (problem) {
			setMore({ ...more, of: asked, problem });
		}
	};
	return html`<${Head} title="Calls">
			${may("calls:write") && html`<${Opens} label="Place a call" tone="first" dialog=${PlaceCall} business=${business} />`}
		<//>
		<${Filters}>
			${field("status", "State", { options: choices("all", STATES) })}
			${field("direction", "Direction", { options: choices("all", ["inbound", "outbound", "test"]) })}
			${field("party", "Caller or called", { type: "tel", placeholder: "+12025550187" })}
			${field("from", "From", { type: "date" })}
			${field("to", "To", { type: "date" })}
			${field("end_reason", "Ended by", { options: choices("anything", ENDS) })}
			${field("lead_status", "Lead")}
			${field("has_recording", "Recording", { options: [...choices("either", []), ["true", "with"], ["false", "without"]] })}
			${field("order", "Order", { options: [["", "newest first"], ["asc", "oldest first"]] })}
			<a class="button" href=${to(["b", business, "calls"])}>All calls</a>
		<//>
		<${Loaded} of=${first}>
			${(page) => {
				const known = new Map();
				for (const call of [...(live.data?.calls ?? []), ...page.calls, ...more.calls]) if (!known.has(call.sid)) known.set(call.sid, call);
				const calls = [...known.values()];
				return html`<${Strip} calls=${calls} />
					${calls.length === 0
						? html`<${Empty}>${next ? "No call fits so far." : Object.values(chosen).some(Boolean) ? "No call fits." : "There are no calls yet. Call one of the business's numbers, or place a call."}<//>`
						: html`<${CallTable} calls=${calls} business=${business} />`}
					<${Trouble} of=${live.problem ?? more.problem} />
					<div class="row">
						${next && html`<button onClick=${further}>Show ${filters.order ? "newer" : "older"} calls</button>`}
						${calls.length > 0 && html`<button onClick=${() => save(`${business}-calls.csv`, "text/csv", table(calls))}>Export these</button>`}
					</div>`;
			}}
		<//>`;
}

/** As a table for other programs. What begins like a formula is kept from being one. */
function table(calls) {
	const columns = ["sid", "status", "direction", "from", "to", "opened_at", "answered_at", "ended_at", "duration_s", "reason"];
	const cell = (value) => `"${String(value ?? "").replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
	return [columns, ...calls.map((call) => columns.map((name) => call[name]))].map((row) => row.map(cell).join(",")).join("\r\n");
}

/** The other party. */
export const party = (call) => (call.direction === "outbound" ? call.to : call.direction === "test" ? "the console" : call.from) ?? "–";

function Strip({ calls }) {
	const answered = calls.filter((call) => call.answered_at);
	const cost = calls.reduce((sum, call) => sum + (call.cost?.usd_micros ?? 0), 0);
	const talked = answered.reduce((sum, call) => sum + (call.duration_s ?? 0), 0);
	return html`<dl class="figures sheet">
		<${Figure} name="Calls shown" value=${count(calls.length)} />
		<${Figure} name="Answered" value=${count(answered.length)} />
		<${Figure} name="Not answered" value=${count(calls.filter((call) => call.ended_at && !call.answered_at).length)} />
		<${Figure} name="Talked" value=${duration(talked)} note=${answered.length ? `${duration(talked / answered.length)} each` : ""} />
		<${Figure} name="Cost" value=${money(cost)} />
	</dl>`;
}

/** How long a call goes on, second by second. */
export function Running({ call }) {
	return duration((useNow() - Date.parse(call.answered_at ?? call.opened_at)) / 1_000);
}

/** Calls in a table. Those that go on are marked. */
export function CallTable({ calls, business }) {
	const columns = {
		When: (call) => html`<a href=${to(["b", business, "calls", call.sid])}>${dateTime(call.opened_at)}</a>`,
		State: (call) => html`<${State} of=${call.status} />${!call.ended_at && html` <${State} of="live" />`}`,
		Direction: (call) => call.direction,
		From: (call) => html`<bdi>${call.from}</bdi>`,
		To: (call) => html`<bdi>${call.to ?? "–"}</bdi>`,
		Length: (call) => (call.ended_at ? duration(call.duration_s) : html`<${Running} call=${call} />`),
		Cost: (call) => money(call.cost?.usd_micros),
		Why: (call) => text(call.refusal || call.session?.end_reason ? words(call.refusal ?? call.session.end_reason) : call.reason),
	};
	return html`<${Table} caption="Calls" columns=${columns} rows=${calls} id=${(call) => call.sid} mark=${(call) => !call.ended_at && "live"} numbers=${["Length", "Cost"]} />`;
}

/** Has the agent call a person. */
function PlaceCall({ business, ...dialog }) {
	const numbers = useLoad(of(business, "/numbers"));
	const { values, field } = useFields({ from: "", to: "", reason: "", context: "" });
	const own = (numbers.data?.numbers ?? []).map(({ number, label }) => [number, label ? `${number} (${label})` : number]);
	const from = values.from || own[0]?.[0] || "";
	const order = (headers) => {
		const given = Object.fromEntries(Object.entries({ ...values, from }).filter(([, value]) => value));
		return ask("POST", of(business, "/calls"), { body: given, headers });
	};
	const show = ({ data }) => go(to(["b", business, "calls", data.sid]));
	return html`<${FormDialog} ...${dialog} title="Place a call" label="Call" act=${order} then=${show} disabled=${!from}>
		${field("from", "From", { value: from, options: own })}
		${field("to", "To", { type: "tel", required: true, placeholder: "+12025550187" })}
		${field("reason", "What the call is about", { hint: "The agent says it" })}
		${field("context", "What the agent should know", { rows: 4 })}
	<//>`;
}
