// How calls are conducted: a draft that saves itself, what is wrong with it, publishing, and what was published before.
import { Head, Loaded, go, html, later, of, to, useLoad, useState } from "../lib/all.js";
import { TalkButton } from "./test-call.js";
import { Editor } from "./settings-editor.js";

const History = later("settings-history History");

export function Settings({ business, may, query }) {
	const revision = query.get("revision");
	const chosen = revision || !may("settings:write") ? "history" : (query.get("tab") ?? "edit");
	const published = useLoad(of(business, "/settings"));
	const [round, setRound] = useState(0);
	const again = async () => {
		await published.reload();
		setRound(round + 1);
	};
	const nothing = published.problem?.status === 404;
	const known = nothing ? { ...published, problem: null, data: { revision: 0 }, loading: false } : published;
	return html`<${Head} title="Settings">
			${known.data && html`<p class="small">${known.data.revision ? `Revision ${known.data.revision} is published.` : "Nothing is published yet: calls are not answered by the agent."}</p>`}
			${known.data?.revision > 0 && html`<${TalkButton} business=${business} may=${may} />`}
		<//>
		<div class="tabs" role="tablist" aria-label="Settings">
			${[["edit", "Edit"], ["history", "History"]].map(([tab, title]) => html`<button role="tab" id=${`tab-${tab}`} aria-selected=${chosen === tab} aria-controls="tab-panel" onClick=${() => go(to(["b", business, "settings"], { tab }))}>${title}</button>`)}
		</div>
		<div id="tab-panel" role="tabpanel" aria-labelledby=${`tab-${chosen}`}>
			<${Loaded} of=${known}>
				${(data) => {
					const of = { business, may, published: data, etag: published.etag, onPublished: again };
					return chosen === "edit" ? html`<${Editor} key=${round} ...${of} />` : html`<${History} revision=${revision} ...${of} />`;
				}}
			<//>
		</div>`;
}
