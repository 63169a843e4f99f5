// How calls are conducted: a draft that saves itself, what is wrong with it, publishing, and what was published before.
import { html, useState } from "../lib/dom.js";
import { of } from "../lib/api.js";
import { useLoad } from "../lib/hooks.js";
import { go, to } from "../lib/route.js";
import { Loaded } from "../lib/ui.js";
import { Editor } from "./settings-editor.js";
import { History } from "./settings-history.js";

const TABS = [
	{ name: "edit", title: "Edit" },
	{ name: "history", title: "History" },
];

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
	return html`<header>
			<h1 tabindex="-1">Settings</h1>
			${known.data && html`<p class="small">${known.data.revision ? `Revision ${known.data.revision} is published.` : "Nothing is published yet: calls are not answered by the agent."}</p>`}
		</header>
		<div class="tabs" role="tablist" aria-label="Settings">
			${TABS.map((tab) => html`<button role="tab" id=${`tab-${tab.name}`} aria-selected=${chosen === tab.name} aria-controls="tab-panel" onClick=${() => go(to(["b", business, "settings"], { tab: tab.name }))}>${tab.title}</button>`)}
		</div>
		<div id="tab-panel" role="tabpanel" aria-labelledby=${`tab-${chosen}`}>
			<${Loaded} of=${known}>
				${(data) =>
					chosen === "edit"
						? html`<${Editor} key=${round} business=${business} published=${data} etag=${published.etag} may=${may} onPublished=${again} />`
						: html`<${History} business=${business} published=${data} etag=${published.etag} may=${may} revision=${revision} onPublished=${again} />`}
			<//>
		</div>`;
}
