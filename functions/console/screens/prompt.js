import { Check, Fact, Form, Head, ask, count, dateTime, html, of, useFields, useState, words } from "../lib/all.js";

/** Exactly what the model would get, for a caller and a time. */
export function Prompt({ business, query }) {
	const { values, change, field } = useFields({ channel: "inbound", language: "", at: "", number: "", name: "", draft: query.has("draft"), revision: query.get("revision") ?? "" });
	const { channel, language, at, draft, revision } = values;
	const [preview, setPreview] = useState(null);
	const show = async () => {
		const caller = Object.fromEntries(["number", "name"].map((name) => [name, values[name].trim()]).filter(([, value]) => value));
		const body = {
			channel,
			...(language && { language }),
			...(at && { at: new Date(at).toISOString() }),
			...(Object.keys(caller).length && { caller }),
			...(draft ? { draft } : revision && { revision: Number(revision) }),
		};
		setPreview((await ask("POST", of(business, "/prompt/preview"), { body })).data);
	};
	return html`<${Head} title="What the model gets" />
		<${Form} class="sheet" label="Show" act=${show}>
			<div class="row">
				${field("channel", "Call", { options: [["inbound", "Comes in"], ["outbound", "Is placed"]] })}
				${field("language", "Language", { placeholder: "the first one" })}
				${field("at", "At", { type: "datetime-local" })}
				${field("number", "Caller's number", { type: "tel" })}
				${field("name", "Caller's name")}
				${field("revision", "Revision", { type: "number", min: 1, placeholder: "published", disabled: draft })}
			</div>
			<p></p>
			<${Check} label="With my draft" checked=${draft} onChange=${change("draft")} />
		<//>
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
