// What states, reasons and outcomes of campaigns are in words. A word that is not here yet is shown as the API has it.
import { Badge, html, words } from "../lib/all.js";

/** How far a campaign is: the tone, and the words. */
const STATES = {
	draft: ["", "draft"],
	checking: ["busy", "the file is being checked"],
	ready: ["busy", "ready to start"],
	loading: ["busy", "starting"],
	running: ["good", "running"],
	paused: ["bad", "paused"],
	stopping: ["busy", "being stopped"],
	completed: ["good", "completed"],
	stopped: ["", "stopped"],
};

/** States in which there is something to prepare, and those in which nothing happens any more. */
export const PREPARED = ["draft", "checking", "ready"];
export const OVER = ["completed", "stopped"];
export const STATE_CHOICES = Object.entries(STATES).map(([state, [, label]]) => [state, label]);

export const Stand = ({ of: state }) => html`<${Badge} tone=${STATES[state]?.[0]}>${STATES[state]?.[1] ?? words(state)}<//>`;

/** Why a campaign is paused, and what to do about it. */
const PAUSES = {
	requested: ["A person paused it.", "Resume it when calls are to go on."],
	failures: ["At least half of the last calls failed for a technical reason.", "Look at these calls and at what failed in them, then resume it."],
	budget: ["Its budget is used up, counting calls that go on with the most that they may cost.", "Raise the budget and resume it, or stop the campaign."],
	settings: ["The business cannot place these calls: it is suspended, has no instructions for placed calls, or the numbers are not its own.", "Put that right under Settings, Numbers or Business, then resume it."],
};

/** Both for a pause of the API; what is new there comes with the API's own words. */
export const paused = ({ code, detail }) => PAUSES[code] ?? [`It is paused: ${words(code)}.`, detail];

/** Why a person is not called yet, and why never. */
export const WAITS = {
	call_back: "promised a call at this time",
	retry: "not reached yet, another attempt follows",
	hours: "it is not a time to call them",
	cooling_down: "called a short time ago",
	no_room: "there was no room for a call",
	cap: "a cap of the business is reached",
	trouble: "the call could not be asked for, and is tried again",
};
export const SKIPS = {
	do_not_call: "they asked not to be called",
	no_consent: "no consent is recorded, and the calls are marketing",
	barred: "no call is placed to numbers of this kind",
	country: "the business does not call this country",
	no_rule: "there are no rules for calls to this country, or its time is not known",
	no_hours: "no moment suits all hours that hold for them",
	refused: "the call is refused for good",
	stopped: "the campaign was stopped",
	expired: "the campaign's time was over",
	call_back_dropped: "promised a call, and the campaign was over before",
	erased: "the person was erased",
};

/** What a call came to: the tone, and the words. */
const OUTCOMES = {
	human: ["good", "a person spoke"],
	callback_requested: ["busy", "promised a call at another time"],
	opted_out: ["busy", "wants no more calls"],
	silent: ["", "answered, and no word was said"],
	voicemail: ["", "a machine answered"],
	busy: ["", "busy"],
	no_answer: ["", "not answered"],
	canceled: ["", "cancelled while it rang"],
	failed: ["bad", "not connected"],
	unreachable: ["bad", "cannot be reached"],
};
export const outcome = (code) => OUTCOMES[code]?.[1] ?? words(code);

/** How far a person of a campaign is. */
export const ENTRIES = { pending: "not looked at yet", waiting: "waiting", dialling: "being dialled", calling: "in a call", done: "done", skipped: "not called" };

/** What has become of a person, in words. */
export function Standing({ of: entry }) {
	const [tone, label] =
		entry.state === "done"
			? [OUTCOMES[entry.outcome]?.[0] ?? "", outcome(entry.outcome)]
			: entry.state === "skipped"
				? ["", `not called: ${SKIPS[entry.skipped] ?? words(entry.skipped)}`]
				: entry.state === "waiting"
					? ["busy", WAITS[entry.waiting_for] ?? words(entry.waiting_for)]
					: [entry.state === "pending" ? "" : "busy", ENTRIES[entry.state] ?? words(entry.state)];
	return html`<span class=${`badge long ${tone}`}>${label}</span>`;
}

/** Why it is not known when a campaign will be over. */
export const FORECASTS = {
	nothing_seen: "Not known yet: nobody was dealt with since it began to call, or went on.",
	no_hours: "Not known: no moment suits the hours of the settings, of the campaign and of the law.",
	too_far: "At this rate it takes more than a year.",
};
