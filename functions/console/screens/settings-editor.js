import { Ask, Empty, Field, FormDialog, Loaded, Opens, Sheet, Trouble, ask, html, ifMatch, later, of, to, useEffect, useFields, useLoad, useRef, useState } from "../lib/all.js";
import { differences } from "../lib/pointer.js";
import { AREAS, Findings, SettingField } from "./settings-fields.js";
import { Directory, Hours } from "./settings-hours.js";
import { TalkButton } from "./test-call.js";

const Changes = later("settings-history Changes");
const Merge = later("settings-history Merge");

/** A draft is saved when nothing was typed for this long. */
const PAUSE = 800;
/** What is wrong there is said there. */
const SHOWN = [...Object.values(AREAS).flatMap((fields) => fields.map((field) => field.at)), "/hours", "/tools/directory"];

export function Editor(props) {
	const draft = useLoad(of(props.business, "/settings/draft"));
	return html`<${Loaded} of=${draft}>
		${(data) => html`<${Draft} ...${props} begin=${data} version=${draft.etag} />`}
	<//>`;
}

function Draft({ business, published, etag, may, onPublished, begin, version }) {
	const [settings, setSettings] = useState(begin);
	const [saved, setSaved] = useState({ settings: begin, version, state: version ? "saved" : "none" });
	const [findings, setFindings] = useState({ findings: /** @type {any[]} */ ([]), publishable: true });
	const [problem, setProblem] = useState(null);
	const [theirs, setTheirs] = useState(null);
	const path = of(business, "/settings/draft");
	useEffect(() => {
		ask("POST", of(business, "/settings/validate"), { body: begin }).then(({ data }) => setFindings(data), setProblem);
	}, []);
	const newest = useRef(settings);
	newest.current = settings;
	const save = async () => {
		const sent = newest.current;
		setSaved((saved) => ({ ...saved, state: "saving" }));
		try {
			const answer = await ask("PUT", path, { body: sent, headers: ifMatch(saved.version) });
			setFindings(answer.data);
			setProblem(null);
			setSaved({ settings: sent, version: answer.etag, state: "saved" });
		} catch (problem) {
			setSaved((saved) => ({ ...saved, state: "not saved" }));
			if (problem.status !== 412) return setProblem(problem);
			// Another window saved its draft first: both are laid side by side.
			const other = await ask("GET", path).catch(setProblem);
			if (other) setTheirs(other);
		}
	};
	useEffect(() => {
		if (settings === saved.settings || theirs || saved.state === "saving") return undefined;
		const timer = setTimeout(save, PAUSE);
		return () => clearTimeout(timer);
	}, [settings, saved, theirs]);
	const merged = (settings) => {
		setSaved({ settings: theirs.data, version: theirs.etag, state: "saved" });
		setTheirs(null);
		setSettings(settings);
	};
	const changed = differences(published, settings).filter((pointer) => pointer !== "/revision").length;
	const edit = { settings, findings: findings.findings, onChange: setSettings };
	const unsaved = settings !== saved.settings || !saved.version;
	if (theirs) return html`<${Merge} mine=${settings} theirs=${theirs.data} onMerged=${merged} />`;
	return html`<div class="sheet row">
			<p role="status">${status(saved, settings, changed)}</p>
			<a class="button" href=${to(["b", business, "prompt"], { draft: 1 })}>What the model gets</a>
			<${TalkButton} business=${business} may=${may} draft label="Test the draft" disabled=${unsaved} />
			${saved.version && html`<${Ask} label="Discard the draft" question="The draft is thrown away; what is published stays." act=${() => ask("DELETE", path)} then=${onPublished} />`}
			${may("settings:publish") && html`<${Opens} label="Publish" tone="first" disabled=${unsaved || !findings.publishable} dialog=${Publish} business=${business} published=${published} etag=${etag} then=${onPublished} />`}
		</div>
		<${Trouble} of=${problem} again=${save} />
		<${Findings} of=${findings.findings.filter((finding) => !SHOWN.some((place) => finding.pointer === place || finding.pointer.startsWith(`${place}/`)))} />
		${Object.entries(AREAS).map(([title, fields]) => html`<${Sheet} key=${title} title=${title}>${fields.map((field) => html`<${SettingField} key=${field.at} of=${field} ...${edit} />`)}<//>`)}
		<${Hours} ...${edit} />
		<${Directory} ...${edit} />
		<${Whole} ...${edit} />`;
}

function status(saved, settings, changed) {
	if (saved.state === "not saved") return "The draft is not saved.";
	if (saved.state === "saving" || settings !== saved.settings) return "Saving…";
	if (!saved.version || !changed) return "The draft is as published.";
	return `Draft saved: ${changed} ${changed === 1 ? "field differs" : "fields differ"} from what is published.`;
}

/** Everything, for what has no field of its own. */
function Whole({ settings, onChange }) {
	const [text, setText] = useState(null);
	const [wrong, setWrong] = useState("");
	const typed = (text) => {
		setText(text);
		try {
			onChange(JSON.parse(text));
			setWrong("");
		} catch (error) {
			setWrong(String(error instanceof Error ? error.message : error));
		}
	};
	return html`<details class="sheet">
		<summary>All settings, as JSON</summary>
		<${Field} label="Settings" rows=${24} class="code" dir="ltr" spellcheck="false" value=${text ?? JSON.stringify(settings, null, 2)} onInput=${typed} onBlur=${() => !wrong && setText(null)} aria-invalid=${wrong !== ""} />
		${wrong && html`<p class="badge bad" role="alert">This is not JSON yet: ${wrong}</p>`}
	</details>`;
}

function Publish({ business, published, etag, ...dialog }) {
	const { values, field } = useFields({ note: "" });
	const [seen, setSeen] = useState({ revision: published.revision, etag });
	const changes = useLoad(seen.revision ? of(business, `/settings/diff?from=${seen.revision}&to=draft`) : null);
	const publish = () => ask("POST", of(business, "/settings/publish"), { body: values.note ? values : {}, headers: ifMatch(seen.etag) });
	// Another person published meanwhile: the author sees what they would take back.
	const stale = ({ etag }) => {
		const revision = Number(etag?.replace(/\D/g, ""));
		return revision > 0 && html`<button type="button" onClick=${() => setSeen({ revision, etag })}>Compare with revision ${revision} and decide anew</button>`;
	};
	return html`<${FormDialog} ...${dialog} title="Publish" act=${publish} stale=${stale}>
		${seen.revision
			? html`<${Loaded} of=${changes}>${(data) => html`<${Changes} of=${data} />`}<//>`
			: html`<${Empty}>These are the first settings of the business.<//>`}
		${field("note", "Note", { hint: "What changed and why, for those who read the history", maxlength: 500 })}
	<//>`;
}
