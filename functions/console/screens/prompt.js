import { html, useState } from "../lib/dom.js";
import { ask, of } from "../lib/api.js";
import { useAction } from "../lib/hooks.js";
import { count, dateTime, words } from "../lib/format.js";
import { Check, Fact, Field, Trouble } from "../lib/ui.js";

/** Exactly what the model would get, for a caller and a time. */
export function Prompt({ business, query }) {
	const [wish, setWish] = useState({ channel: "inbound", language: "", at: "", number: "", name: "", draft: query.has("draft"), revision: query.get("revision") ?? "" });
	const [preview, setPreview] = useState(/** @type {any} */ (null));
	const set = (name) => (value) => setWish({ ...wish, [name]: value });
	const { submit, busy, problem } = useAction(async () => {
		const caller = Object.fromEntries(["number", "name"].map((name) => [name, wish[name].trim()]).filter(([, value]) => value));
		const body = {
			channel: wish.channel,
			...(wish.language && { language: wish.language }),
			...(wish.at && { at: new Date(wish.at).toISOString() }),
			...(Object.keys(caller).length && { caller }),
			...(wish.draft ? { draft: true } : wish.revision && { revision: Number(wish.revision) }),
		};
		setPreview((await ask("POST", of(business, "/prompt/preview"), { body })).data);
	});
	return html`<header><h1 tabindex="-1">What the model gets</h1></header>
		<form class="sheet" onSubmit=${submit}>
			<div class="row">
				<${Field} label="Call" value=${wish.channel} onInput=${set("channel")} options=${[
					{ value: "inbound", label: "Comes in" },
					{ value: "outbound", label: "Is placed" },
				]} />
				<${Field} label="Language" value=${wish.language} onInput=${set("language")} placeholder="the first one" />
				<${Field} label="At" type="datetime-local" value=${wish.at} onInput=${set("at")} />
				<${Field} label="Caller's number" type="tel" value=${wish.number} onInput=${set("number")} />
				<${Field} label="Caller's name" value=${wish.name} onInput=${set("name")} />
				<${Field} label="Revision" type="number" min="1" value=${wish.revision} onInput=${set("revision")} placeholder="published" disabled=${wish.draft} />
			</div>
			<p></p>
			<${Check} label="With my draft" checked=${wish.draft} onChange=${set("draft")} />
			<button class="first" disabled=${busy}>Show</button>
		</form>
		<${Trouble} of=${problem} />
		${preview && html`<${Shown} preview=${preview} />`}`;
}

function Shown({ preview }) {
	const { prompt } = preview;
	return html`<section class="sheet" aria-live="polite">
		<h2>${prompt ? "Prompt" : "No agent"}</h2>
		<dl class="facts">
			<${Fact} name="Answered by">${words(preview.answered_by)}<//>
			<${Fact} name="At">${dateTime(preview.at)}<//>
			${prompt && html`<${Fact} name="Revision">${prompt.revision || "draft"}<//>
				<${Fact} name="Tokens">about ${count(prompt.estimated_tokens)}<//>
				<${Fact} name="Hash"><code>${prompt.hash}</code><//>
				<${Fact} name="Greeting">${prompt.greeting}<//>`}
		</dl>
		${prompt && html`<h3>Instructions</h3>
			<pre class="prompt" dir="auto">${prompt.instructions}</pre>
			<h3>Tools</h3>
			${prompt.tools.map((tool) => html`<details><summary>${tool.name}</summary><p>${tool.description}</p><pre>${JSON.stringify(tool.parameters, null, 2)}</pre></details>`)}
			<h3>For the listener</h3>
			<pre class="prompt" dir="auto">${prompt.listening.context}</pre>
			<p class="small">Names and terms: ${prompt.listening.keywords.join(", ") || "none"}. Languages: ${prompt.listening.languages.join(", ") || "any"}.</p>`}
	</section>`;
}
