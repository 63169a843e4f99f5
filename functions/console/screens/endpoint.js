// One endpoint: how it fares, and each event on its way to it.
import { Ask, Dialog, Fact, Form, FormDialog, Head, List, Loaded, Opens, Sheet, State, ask, dateTime, go, html, ifMatch, millis, of, search, to, useFields, useLoad, usePages, useState, words } from "../lib/all.js";
import { EditEndpoint, Secret, standing } from "./endpoints.js";
import { Rotate } from "./secret-rotate.js";

export function EndpointPage({ business, one, may }) {
	const path = of(business, `/endpoints/${encodeURIComponent(one)}`);
	const endpoint = useLoad(path, 30_000);
	const pages = usePages();
	const deliveries = useLoad(`${path}/deliveries?${search({ limit: 25, cursor: pages.cursor })}`, 5_000);
	const [opened, open] = useState(null);
	const [made, setMade] = useState(null);
	const again = () => Promise.all([endpoint.reload(), deliveries.reload()]);
	const rotated = async ({ data }) => {
		setMade(data);
		await endpoint.reload();
	};
	const enable = (enabled) => async () => {
		await ask("PATCH", path, { headers: ifMatch(endpoint.etag), body: { enabled } });
		await again();
	};
	const leave = async () => {
		await ask("DELETE", path, { headers: ifMatch(endpoint.etag) });
		go(to(["b", business, "endpoints"]));
	};
	const columns = {
		Event: (delivery) => html`<button class="plain" onClick=${() => open(delivery.id)}>${delivery.type}</button>`,
		State: (delivery) => html`<${State} of=${delivery.state} />`,
		Since: (delivery) => dateTime(delivery.given_at),
		"Last answer": (delivery) => answered(delivery.attempts.at(-1)),
		"Tried next": (delivery) => dateTime(delivery.next_attempt_at),
	};
	const mayWrite = may("endpoints:write");
	return html`<${Head} title="Endpoint"><p class="small"><a href=${to(["b", business, "endpoints"])}>All endpoints</a></p><//>
		${made && html`<${Secret} of=${made} />`}
		<${Loaded} of=${endpoint}>
			${(data) => html`<${Sheet} title=${data.description || "Where it is told"}>
				<${Facts} of=${data} />
				${mayWrite &&
				html`<div class="row">
					<${Opens} label="Send a test" dialog=${Tried} path=${`${path}/test`} />
					<${Opens} label="Change" dialog=${EditEndpoint} path=${path} begin=${data} etag=${endpoint.etag} then=${endpoint.reload} />
					<${Opens} label="Another secret" dialog=${Rotate} path=${`${path}/rotate`} then=${rotated} />
					${data.enabled && html`<${Opens} label="Send again what failed" dialog=${Recover} path=${`${path}/recover`} then=${deliveries.reload} />`}
					${data.enabled
						? html`<${Ask} label="Disable" question="It is told nothing until it is enabled. What happens meanwhile can be sent later." act=${enable(false)} />`
						: html`<${Form} tone="first" label="Enable" act=${enable(true)} />`}
					<${Ask} label="Remove" question="It goes with the list of what it was sent." act=${leave} />
				</div>`}
			<//>`}
		<//>
		<h2>Events of the last 30 days</h2>
		<${List} of=${deliveries} name="deliveries" caption="Events" columns=${columns} pages=${pages} empty="It was told of nothing yet." />
		${opened !== null && html`<${Delivery} key=${opened} path=${`${path}/deliveries/${opened}`} mayWrite=${mayWrite} then=${again} onClose=${() => open(null)} />`}`;
}

const Facts = ({ of: one }) => html`<dl class="facts">
	<${Fact} name="Address"><bdi>${one.url}</bdi><//>
	<${Fact} name="State"><${State} of=${standing(one)} />${one.disabled_at && ` ${DISABLED[one.disabled_reason] ?? words(one.disabled_reason)}, ${dateTime(one.disabled_at)}`}<//>
	${one.failing_since && html`<${Fact} name="Takes nothing since">${dateTime(one.failing_since)}<//>`}
	<${Fact} name="Events"><code>${one.types.join(" ")}</code>, ${words(one.calls)} calls<//>
	<${Fact} name="Headers sent along">${one.headers.join(", ") || "none"}<//>
	${one.earlier_secrets_until.map((until) => html`<${Fact} name="The secret before signs until">${dateTime(until)}<//>`)}
</dl>`;

/** Why an endpoint is told nothing. */
const DISABLED = { requested: "by a person of the business", gone: "it answered that it wants nothing more", failing: "it took nothing for five days" };

/** What came of an attempt, in a few words. */
const answered = (attempt) => (attempt ? (attempt.status ?? words(attempt.failure)) : "–");

/** Sends a test event, and shows what came of it. */
function Tried({ path, label, onClose }) {
	const [came, setCame] = useState(null);
	const send = async () => setCame((await ask("POST", path)).data);
	return html`<${Dialog} title=${label} onClose=${onClose}>
		<p>An event that says <code>"test": true</code>, signed as all others. It is kept nowhere.</p>
		<div role="status">
			${came && html`<p><strong>${came.taken ? "It was taken." : "It was not taken."}</strong> ${answered(came)}, after ${millis(came.took_ms)}</p>${came.answer && html`<pre dir="auto">${came.answer}</pre>`}`}
		</div>
		<${Form} label=${came ? "Send it again" : "Send it"} act=${send} />
	<//>`;
}

function Recover({ path, ...dialog }) {
	const { values, field } = useFields({ since: "" });
	const recover = () => ask("POST", path, { body: { since: new Date(values.since).toISOString() } });
	return html`<${FormDialog} ...${dialog} title=${dialog.label} label="Send it" act=${recover}>
		<p>What it took is not sent again.</p>
		${field("since", "Since", { type: "datetime-local", required: true, hint: "Within the last 30 days" })}
	<//>`;
}

/** One event on its way, with what was answered at each attempt. */
function Delivery({ path, mayWrite, then, onClose }) {
	const found = useLoad(path, 2_000);
	const send = async () => {
		await ask("POST", `${path}/resend`);
		await Promise.all([found.reload(), then()]);
	};
	return html`<${Dialog} title="Event" onClose=${onClose}>
		<${Loaded} of=${found}>
			${(one) => html`<dl class="facts">
					<${Fact} name="Type"><code>${one.type}</code><//>
					<${Fact} name="State"><${State} of=${one.state} /><//>
					<${Fact} name="webhook-id"><code>${one.webhook_id}</code><//>
					${one.next_attempt_at && html`<${Fact} name="Tried next">${dateTime(one.next_attempt_at)}<//>`}
				</dl>
				<h3>Attempts</h3>
				${!one.attempts.length && html`<p class="empty">None yet.</p>`}
				<ol>
					${one.attempts.map((attempt) => html`<li key=${attempt.at}>${dateTime(attempt.at)}: ${answered(attempt)}, after ${millis(attempt.took_ms)}${attempt.by_hand && ", asked for"}${attempt.answer && html`<pre dir="auto">${attempt.answer}</pre>`}</li>`)}
				</ol>`}
		<//>
		${mayWrite && html`<${Form} tone="" label="Send it once more" act=${send} />`}
	<//>`;
}
