// What a person of the business writes in a thread: free words, or a template where these may not be sent.
import { Field, Form, ask, html, useState } from "../lib/all.js";
import { useDraft } from "../lib/draft.js";

export function Write({ path, thread, draft, then }) {
	const [template, setTemplate] = useState(false);
	const mustBe = thread.medium === "whatsapp" && !thread.window_open;
	const is = template || mustBe;
	const form = { path, then, draft };
	if (thread.stopped_at && thread.medium !== "whatsapp") return html`<p class="notice">The person wants no texts from this number, so none can be sent. A text of theirs such as START changes that.</p>`;
	if (thread.stopped_at && mustBe) return html`<p class="notice">The person wants no texts from this number. They can be answered once they write again.</p>`;
	return html`<div class="write">
		${mustBe && html`<p class="notice">More than a day has passed since the person wrote. WhatsApp then takes a template alone: words that Meta has approved before, with places for names, times and the like. When the person answers, free words can be sent for a day.</p>`}
		${thread.stopped_at && html`<p class="notice">The person wants no texts from this number. Answer what they ask, and send nothing else.</p>`}
		${is ? html`<${Template} ...${form} />` : html`<${Words} ...${form} />`}
		${!mustBe && thread.medium === "whatsapp" && !thread.stopped_at && html`<button type="button" class="plain" onClick=${() => setTemplate(!is)}>${is ? "Write free words" : "Send a template"}</button>`}
	</div>`;
}

/** Sends, and forgets the draft once it is kept. */
function useSend({ path = "", then = async () => {}, draft, blank }) {
	const kept = useDraft(draft, blank);
	const send = (body) => async () => {
		await ask("POST", `${path}/texts`, { body, headers: kept.same });
		kept.clear();
		await then();
	};
	return { ...kept, send };
}

function Words({ draft, ...rest }) {
	const { value, write, send } = useSend({ ...rest, draft, blank: "" });
	const keyed = (event) => {
		if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
		event.preventDefault();
		event.currentTarget.form.requestSubmit();
	};
	return html`<${Form} label="Send" act=${send({ text: value })} disabled=${!value.trim()}>
		<${Field} label="Your text" rows=${3} value=${value} onInput=${write} onKeyDown=${keyed} maxlength=${8000} hint="Ctrl and Enter send it. The agent then leaves the thread to you." />
	<//>`;
}

const BLANK = { name: "", language: "", places: [["1", ""]] };

function Template({ draft, ...rest }) {
	const { value, write, send } = useSend({ ...rest, draft: `${draft}-template`, blank: BLANK });
	const set = (change) => write({ ...value, ...change });
	const place = (index, at, part) => set({ places: value.places.map((one, n) => (n === index ? one.toSpliced(at, 1, part) : one)) });
	const variables = Object.fromEntries(value.places.filter(([name, held]) => name.trim() && held));
	const template = { name: value.name.trim(), ...(value.language.trim() && { language: value.language.trim() }), variables };
	return html`<${Form} label="Send the template" act=${send({ template })} disabled=${!template.name}>
		<div class="row">
			<${Field} label="Template" value=${value.name} onInput=${(name) => set({ name })} hint="At Meta its name; at Twilio its content sid, HX…" dir="ltr" />
			<${Field} label="Language" value=${value.language} onInput=${(language) => set({ language })} hint="At Meta alone, such as de or en_US" dir="ltr" />
		</div>
		<p></p>
		<fieldset>
			<legend>What its places hold</legend>
			${value.places.map(([name, held], index) => html`<div key=${index} class="row">
				<${Field} label="Place" value=${name} onInput=${(part) => place(index, 0, part)} dir="ltr" />
				<${Field} label="Holds" value=${held} onInput=${(part) => place(index, 1, part)} dir="auto" />
				<button type="button" aria-label=${`Take place ${name} away`} onClick=${() => set({ places: value.places.toSpliced(index, 1) })}>✕</button>
			</div>`)}
			<p></p>
			<button type="button" onClick=${() => set({ places: [...value.places, [String(value.places.length + 1), ""]] })}>Add a place</button>
		</fieldset>
	<//>`;
}
