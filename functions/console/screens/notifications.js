// Notifications: who of the business is told of what, in words, and what became of each.
import { Ask, Check, Form, FormDialog, Head, List, Opens, State, ask, dateTime, html, ifMatch, millis, of, search, text, useEffect, useFields, useLoad, usePages, useState, words } from "../lib/all.js";

const KINDS = [["slack", "Slack"], ["teams", "Microsoft Teams"], ["email", "E-mail"], ["sms", "SMS"], ["whatsapp", "WhatsApp"]];
const NAMES = Object.fromEntries(KINDS);
const CAUSES = { message_taken: "A message was left", voicemail: "A voicemail was left", missed_call: "A call was missed", handed_over: "A conversation was handed over", low_budget: "A cap comes near", unreachable: "A receiver is not told any more" };
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const ROOMS = ["slack", "teams"];

export function Notifications({ business, may }) {
	const path = of(business, "/notifications/receivers");
	const receivers = useLoad(path, 30_000);
	const pages = usePages();
	const log = useLoad(of(business, `/notifications?${search({ limit: 25, cursor: pages.cursor })}`), 5_000);
	const mayWrite = may("notifications:write");
	const one = (receiver) => `${path}/${receiver.id}`;
	/** What is seen of a receiver is what is changed: its version is read first. */
	const changed = (receiver, method, body) => async () => {
		const { etag } = await ask("GET", one(receiver));
		await ask(method, one(receiver), { headers: ifMatch(etag), body });
		await receivers.reload();
	};
	const columns = {
		Name: (receiver) => html`${text(receiver.name)}<br /><small>${NAMES[receiver.kind] ?? words(receiver.kind)} <bdi>${receiver.address}</bdi></small>`,
		State: (receiver) => html`<${State} of=${receiver.enabled ? "active" : "disabled"} />${receiver.disabled_at && html` <small>${words(receiver.disabled_reason)}, ${dateTime(receiver.disabled_at)}</small>`}`,
		"Told of": (receiver) => html`<ul>${receiver.rules.map((rule) => html`<li key=${rule.on}>${CAUSES[rule.on] ?? words(rule.on)}${rule.urgent && " (urgent)"}</li>`)}</ul>`,
		"Quiet hours": (receiver) => quiet(receiver.quiet_hours),
		"": (receiver) => mayWrite && html`<div class="row">
			<${Opens} label="Send a test" dialog=${Tried} path=${`${one(receiver)}/test`} />
			${receiver.enabled
				? html`<${Ask} label="Disable" question="It is told nothing until it is enabled, and what happens meanwhile is not told later." act=${changed(receiver, "PATCH", { enabled: false })} />`
				: html`<${Form} tone="first" label="Enable" act=${changed(receiver, "PATCH", { enabled: true })} />`}
			<${Ask} label="Remove" question="It is told nothing any more." act=${changed(receiver, "DELETE")} />
		</div>`,
	};
	const named = (id) => receivers.data?.receivers.find((receiver) => receiver.id === id)?.name;
	const sent = {
		Event: (notice) => words(notice.type.replace(".", " ")),
		To: (notice) => text(named(notice.receiver) ?? "removed"),
		State: (notice) => html`<${State} of=${notice.state === "sent" ? "delivered" : notice.state === "due" ? "waiting" : notice.state} />${notice.reason && html` <small>${words(notice.reason)}</small>`}`,
		Since: (notice) => dateTime(notice.given_at),
		Next: (notice) => dateTime(notice.next_attempt_at),
	};
	return html`<${Head} title="Notifications">
			${mayWrite && html`<${Opens} label="Add a receiver" tone="first" dialog=${NewReceiver} path=${path} then=${receivers.reload} />`}
		<//>
		<p>People of the business, and rooms of its chat, are told of few things, once each, with who it was and where to look. What was said is not told.</p>
		<${Outbox} />
		<${List} of=${receivers} name="receivers" caption="Receivers" columns=${columns} empty="Nobody is notified yet." />
		<h2>Notifications of the last 30 days</h2>
		<${List} of=${log} name="notifications" caption="Notifications" columns=${sent} id=${(notice) => `${notice.sequence} ${notice.receiver}`} pages=${pages} empty="Nobody was notified yet." />`;
}

/** Where e-mails lie on a laptop, which mails none: its page says so in a header, and no deployment's does. */
function Outbox() {
	const [at, setAt] = useState("");
	useEffect(() => {
		if (!["127.0.0.1", "localhost"].includes(location.hostname)) return;
		fetch("console", { cache: "no-store" }).then((page) => setAt(page.headers.get("link")?.match(/<([^>]*)>; rel="outbox"/)?.[1] ?? ""), () => {});
	}, []);
	return at && html`<p>On this machine nothing is mailed. What would be lies in <a href=${at} target="_blank" rel="noopener noreferrer">the outbox of e-mails</a>: name and password are the key pair that <code>switchboard env</code> prints.</p>`;
}

/** The same hours on each day are said once. */
function quiet(week) {
	if (!week) return "–";
	const days = DAYS.filter((day) => week[day]?.length);
	const spans = new Set(days.map((day) => week[day].join(", ")));
	if (days.length === 7 && spans.size === 1) return [...spans][0];
	return days.map((day) => `${words(day)} ${week[day].join(", ")}`).join("; ");
}

/** Asks what a receiver is to be. */
function NewReceiver({ path, ...dialog }) {
	const begin = { name: "", kind: "slack", url: "", to: "", from: "", template: "", language: "", quiet: "" };
	const rules = Object.fromEntries(Object.keys(CAUSES).flatMap((cause) => [[cause, false], [`urgent ${cause}`, false]]));
	const { values, change, field } = useFields({ ...begin, ...rules });
	const isRoom = ROOMS.includes(values.kind);
	const isText = ["sms", "whatsapp"].includes(values.kind);
	const save = (headers) => {
		const spans = values.quiet.split(/[\s,]+/).filter(Boolean);
		const body = {
			name: values.name,
			kind: values.kind,
			...(isRoom ? { url: values.url.trim() } : { to: values.to.trim() }),
			...(isText && { from: values.from.trim() }),
			...(values.kind === "whatsapp" && values.template && { template: { name: values.template.trim(), language: values.language.trim() || undefined } }),
			rules: Object.keys(CAUSES).filter((cause) => values[cause]).map((on) => ({ on, urgent: values[`urgent ${on}`] })),
			quiet_hours: spans.length ? Object.fromEntries(DAYS.map((day) => [day, spans])) : null,
		};
		return ask("POST", path, { headers, body });
	};
	return html`<${FormDialog} ...${dialog} title="Add a receiver" label="Add it" act=${save}>
		${field("name", "Name", { required: true, maxlength: 80 })}
		${field("kind", "Where it is told", { options: KINDS })}
		${isRoom && field("url", "Address of the webhook", { type: "url", required: true, dir: "ltr", autocomplete: "off", maxlength: 2_000, hint: "Who knows it can write there: it is not shown again" })}
		${values.kind === "email" && field("to", "E-mail address", { type: "email", required: true })}
		${isText && field("to", "Number", { type: "tel", required: true, placeholder: "+12025550187" })}
		${isText && field("from", "From which number of the business", { type: "tel", required: true, placeholder: "+12025550100" })}
		${values.kind === "whatsapp" && field("template", "Template", { dir: "ltr", hint: "With three places: title, what happened, link. Without one, words are sent, which WhatsApp takes for a day after the person has written" })}
		${values.kind === "whatsapp" && values.template && field("language", "Language of the template at Meta", { dir: "ltr" })}
		<fieldset>
			<legend>What it is told of</legend>
			${Object.entries(CAUSES).map(([cause, label]) => html`<${Check} key=${cause} label=${label} checked=${values[cause]} onChange=${change(cause)} />
				${values[cause] && html`<${Check} key=${`urgent ${cause}`} label="in quiet hours, too" checked=${values[`urgent ${cause}`]} onChange=${change(`urgent ${cause}`)} />`}`)}
		</fieldset>
		${field("quiet", "Quiet hours on each day", { dir: "ltr", placeholder: "22:00-07:00", hint: "By the business's clocks; what happens then is told when they end" })}
	<//>`;
}

/** Sends a test, and says what came of it. */
function Tried({ path, ...dialog }) {
	const { values, set } = useFields({ came: null });
	const act = async () => set({ came: (await ask("POST", path)).data });
	const { came } = values;
	return html`<${FormDialog} ...${dialog} title="Send a test" label=${came ? "Once more" : "Send it"} stays act=${act}>
		<p>It says that notifications arrive there.</p>
		${came && html`<p role="status">${came.taken ? `It was taken in ${millis(came.took_ms)}.` : `It was not taken: ${words(came.reason)}.`}</p>`}
	<//>`;
}
