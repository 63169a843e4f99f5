// A new campaign: what is said in its calls, by when and how often they are placed, and the file of its people.
import { Check, Field, Form, Head, Sheet, Trouble, ask, go, html, later, of, text, to, useLoad, useState } from "../lib/all.js";
import { useDraft } from "../lib/draft.js";
import { useErrors } from "./campaign-errors.js";
import { Steps } from "./campaign-steps.js";
import { DAYS, Week } from "./rows.js";
import { Chosen, put } from "./upload.js";

const Goal = later("campaign-goal Goal");

const BLANK = {
	name: "", purpose: "service", from: /** @type {string[] | string} */ ([]), reason: "", context: "", language: "", country: "",
	limited: false, week: Object.fromEntries(DAYS.map((day, n) => [day, n < 5 ? ["09:00-18:00"] : []])), starts_at: "", ends_at: "",
	at_once: "10", total: "4", per_day: "2", per_week: "3", usd: "", minutes: "", goal: /** @type {any} */ (null), file: "", replaces: true,
};

/** The form of another campaign, for one that is like it. */
function likeIt({ name, purpose, from, reason, context, language, country, hours, starts_at, ends_at, at_once, attempts, budget, goal, state }) {
	const text = (value) => String(value ?? "");
	return {
		name, purpose, from, reason: text(reason), context: text(context), language: text(language), country: text(country),
		limited: hours !== null, week: hours ?? BLANK.week, starts_at: local(starts_at), ends_at: local(ends_at),
		at_once: text(at_once), total: text(attempts.total), per_day: text(attempts.per_day), per_week: text(attempts.per_week),
		usd: budget.micros === null ? "" : text(budget.micros / 1e6), minutes: text(budget.minutes), goal, file: "", replaces: ["draft", "ready"].includes(state),
	};
}

/** A moment as a field of this browser has it, and back. */
const local = (at) => (at ? new Date(Date.parse(at) - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "");
const moment = (typed) => (typed ? new Date(typed).toISOString() : null);

/** What the API is sent. */
function asSent(values, from, bytes) {
	const or = (value) => value.trim() || null;
	const { name, purpose, goal } = values;
	return {
		name, purpose, from, bytes, goal,
		reason: or(values.reason),
		context: or(values.context),
		language: or(values.language),
		country: or(values.country)?.toUpperCase() ?? null,
		hours: values.limited ? values.week : null,
		starts_at: moment(values.starts_at),
		ends_at: moment(values.ends_at),
		at_once: Number(values.at_once),
		attempts: { total: Number(values.total), per_day: Number(values.per_day), per_week: Number(values.per_week) },
		budget: { micros: values.usd ? Math.round(Number(values.usd) * 1e6) : null, minutes: values.minutes ? Number(values.minutes) : null },
	};
}

/** With `like` in the address it begins with what was written for that campaign. */
export function NewCampaign({ business, may, query }) {
	const like = query.get("like");
	const other = useLoad(like ? of(business, `/campaigns/${encodeURIComponent(like)}`) : null);
	const numbers = useLoad(may("numbers:read") ? of(business, "/numbers") : null);
	const own = may("numbers:read") ? numbers.data?.numbers : null;
	return html`<${Head} title="New campaign"><p class="small"><a href=${to(["b", business, "campaigns"])}>All campaigns</a></p><//>
		<${Steps} at="write" />
		<${Trouble} of=${numbers.problem ?? other.problem} />
		${own !== undefined && (!like || other.data) && html`<${Write} business=${business} may=${may} own=${own} like=${other.data} />`}`;
}

function Write({ business, may, own, like }) {
	const path = of(business, "/campaigns");
	const { value: values, write, same, clear } = useDraft(`campaign-${business}-${like?.id ?? ""}`, like ? likeIt(like) : { ...BLANK, from: own?.length === 1 ? [own[0].number] : [] });
	const { noting, at, about } = useErrors();
	const [file, setFile] = useState(/** @type {File | null} */ (null));
	const change = (name) => (value) => write({ ...values, [name]: value });
	const field = (name, label, /** @type {any} */ { hint = "", pointer = `/${name}`, ...more } = {}) => html`<${Field} label=${label} value=${values[name]} onInput=${change(name)} ...${more} ...${at(pointer, hint)} />`;
	const number = (name, label, pointer, most, more = {}) => field(name, label, { type: "number", min: 1, max: most, pointer, ...more });
	const chosen = (file) => {
		setFile(file);
		// Another file makes another campaign; the same one after a reload does not.
		const said = file ? `${file.name} ${file.size}` : "";
		if (said !== values.file) write({ ...values, file: said });
	};
	const from = Array.isArray(values.from) ? values.from : values.from.split(/[\s,]+/).filter(Boolean);
	const pick = (number) => (on) => change("from")(on ? [...from, number] : from.filter((one) => one !== number));
	const make = noting(async () => {
		const { data } = await ask("POST", path, { headers: same, body: asSent(values, from, file?.size) });
		const one = `${path}/${data.id}`;
		if (data.upload) await put(data.upload, file);
		if (data.state === "draft") await ask("POST", `${one}/check`);
		if (like && values.replaces) await ask("POST", `${path}/${like.id}/stop`);
		clear();
		go(to(["b", business, "campaigns", data.id]), true);
	});
	return html`<${Form} class="stack" label="Make the draft and check the file" act=${make}>
		<${Sheet} title="What it is">
			${like && html`<p>It begins with what was written for <a href=${to(["b", business, "campaigns", like.id])}>${text(like.name)}</a>.</p>`}
			${like && ["draft", "ready"].includes(like.state) && html`<${Check} label="That draft is discarded for it" checked=${values.replaces} onChange=${change("replaces")} />`}
			${field("name", "Name", { required: true, maxlength: 100, dir: "auto" })}
			${field("purpose", "What the calls are for", { options: [["service", "something that the person has with the business: an appointment, a repair, an order"], ["marketing", "to sell or to advertise: rows without a consent are left out"]] })}
			<${From} own=${own} business=${business} from=${from} value=${values.from} onPick=${pick} onInput=${change("from")} />
			${about("/from")}
		<//>
		<${Sheet} title="What the agent is told">
			${field("reason", "Why the call is made, for the agent to say", { maxlength: 200, dir: "auto", hint: "{{name}} and every column of the file may stand in it, such as: the service of your {{bicycle}}" })}
			${field("context", "What the agent should know", { rows: 5, maxlength: 4_000, hint: "The same columns may stand in it" })}
			<div class="row">
				${field("language", "Language that it opens in", { maxlength: 35, dir: "ltr", placeholder: "de", hint: "A column language goes before it" })}
				${field("country", "Country of numbers without a code", { maxlength: 2, dir: "ltr", placeholder: "US", hint: "Two letters; without it such rows are left out" })}
			</div>
		<//>
		<${Sheet} title="When and how much">
			<${Check} label="People are called at certain times only" checked=${values.limited} onChange=${change("limited")} hint="by their clocks, beside the hours of the settings and of their country" />
			${values.limited && html`<${Week} week=${values.week} onChange=${change("week")} hint="by the clocks of the people who are called" />`}
			${about("/hours")}
			<div class="row">
				${field("starts_at", "No call before", { type: "datetime-local", hint: "By the clocks of this computer" })}
				${field("ends_at", "No call from then on", { type: "datetime-local", hint: "By the same clocks" })}
				${number("at_once", "Calls at once, at most", "/at_once", 100, { hint: "It begins with one and doubles each minute" })}
			</div>
			<p></p>
			<fieldset class="grid">
				<legend>How often a person is tried</legend>
				${number("total", "In all", "/attempts/total", 10)}
				${number("per_day", "Within 24 hours", "/attempts/per_day", 10)}
				${number("per_week", "Within seven days", "/attempts/per_week", 10)}
			</fieldset>
			<fieldset class="grid">
				<legend>The most that it may come to</legend>
				${number("usd", "Dollars", "/budget/micros", undefined, { min: 0, step: "any", hint: "Empty: no cap" })}
				${number("minutes", "Minutes", "/budget/minutes", undefined, { hint: "Empty: no cap" })}
			</fieldset>
			<${Goal} business=${business} may=${may} value=${values.goal} onChange=${change("goal")} />
			${about("/goal")}
		<//>
		<${Sheet} title="Who is called">
			<${Chosen} onChange=${chosen} required hint="CSV with a header row: a column phone, and if you like name, time_zone, language, not_before, consent; every other column is for your words. 100,000 rows and 50 MB at most" />
			${about("/bytes")}
			<p class="small">Nobody is called by that: the file is checked first, and you see what was found. What you write here stays in this tab until then, the file has to be chosen again after a reload.</p>
		<//>
	<//>`;
}

/** The numbers to call from: those of the business, or typed by one who may not see them. */
const From = ({ own, business, from, value, onPick, onInput }) =>
	own
		? html`<fieldset>
				<legend>Numbers to call from</legend>
				${own.map(({ number, label }) => html`<${Check} key=${number} label=${html`<bdi>${number}</bdi>${label && html` ${text(label)}`}`} checked=${from.includes(number)} onChange=${onPick(number)} />`)}
				${!own.length && html`<p>The business has no number yet: <a href=${to(["b", business, "numbers"])}>add one</a> first.</p>`}
				<p class="hint">Each person is called from the same one at each attempt.</p>
			</fieldset>`
		: html`<${Field} label="Numbers to call from" value=${Array.isArray(value) ? value.join(", ") : value} onInput=${onInput} dir="ltr" required placeholder="+12025550143" hint="Numbers of the business, with commas between them" />`;
