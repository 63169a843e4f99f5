import { Ask, Empty, Field, Loaded, Sheet, State, Table, ask, dateTime, go, html, ifMatch, of, save, text, to, useLoad, useState, words } from "../lib/all.js";
import { at, differences, put, shown } from "../lib/pointer.js";
import { TalkButton } from "./test-call.js";

/** What was published, newest first. */
export function History({ business, published, etag, may, revision, onPublished }) {
	const revisions = useLoad(of(business, "/settings/revisions"));
	const again = async () => {
		await Promise.all([revisions.reload(), onPublished()]);
		go(to(["b", business, "settings"], { tab: "history" }));
	};
	const columns = {
		Revision: (row) => html`<a href=${to(["b", business, "settings"], { revision: row.revision })}>${row.revision}</a> ${row.revision === published.revision && html`<${State} of="published" />`}`,
		When: (row) => dateTime(row.published_at),
		By: (row) => row.author ?? "–",
		Note: (row) => text(row.note),
	};
	return html`<${Loaded} of=${revisions}>
		${(data) =>
			html`<${Table} caption="Revisions" columns=${columns} rows=${[...data.revisions].sort((a, b) => b.revision - a.revision)} id=${(row) => row.revision} mark=${(row) => String(row.revision) === revision && "current"} empty="Nothing was published yet." />
				${revision && html`<${One} key=${revision} business=${business} revision=${Number(revision)} published=${published} etag=${etag} may=${may} others=${data.revisions} onPublished=${again} />`}`}
	<//>`;
}

function One({ business, revision, published, etag, may, others, onPublished }) {
	const older = others.map((other) => other.revision).filter((other) => other < revision);
	const [from, setFrom] = useState(String(Math.max(0, ...older) || ""));
	const changes = useLoad(from ? of(business, `/settings/diff?from=${from}&to=${revision}`) : null);
	const settings = useLoad(of(business, `/settings/revisions/${revision}`));
	const restore = () => ask("POST", of(business, `/settings/revisions/${revision}/restore`), { body: { note: `revision ${revision} again` }, headers: ifMatch(etag) });
	const exported = () => save(`${business}-revision-${revision}.json`, "application/json", JSON.stringify(settings.data, null, 2));
	return html`<section class="sheet" aria-label=${`Revision ${revision}`}>
		<h2>Revision ${revision}</h2>
		<div class="row">
			${older.length > 0 && html`<${Field} label="Compare with revision" value=${from} onInput=${setFrom} options=${older.map((other) => [String(other), other])} />`}
			<a class="button" href=${to(["b", business, "prompt"], { revision })}>What the model gets</a>
			<${TalkButton} business=${business} may=${may} revision=${revision} />
			<button disabled=${!settings.data} onClick=${exported}>Export</button>
			${revision !== published.revision && may("settings:publish") && html`<${Ask} label="Restore" tone="first" question=${`Revision ${revision} is published again, as a new revision. Drafts stay as they are.`} act=${restore} then=${onPublished} />`}
		</div>
		${from && html`<${Loaded} of=${changes}>${(data) => html`<${Changes} of=${data} />`}<//>`}
		<details><summary>All settings</summary><${Loaded} of=${settings}>${(data) => html`<pre>${JSON.stringify(data, null, 2)}</pre>`}<//></details>
	</section>`;
}

/** Changes side by side, by area. */
export function Changes({ of: differences }) {
	if (!differences.areas.length) return html`<${Empty}>There is no difference.<//>`;
	return html`<div class="diff">
		${differences.areas.map(
			(area) => html`<h3>${words(area.area)}</h3>
				${area.changes.map(
					(change) => html`<p><code>${change.pointer}</code></p>
						<div class="sides"><del><pre dir="auto">${shown(change.before)}</pre></del><ins><pre dir="auto">${shown(change.after)}</pre></ins></div>`,
				)}`,
		)}
	</div>`;
}

/** Two drafts of the same settings: of each field that differs, one is taken. */
export function Merge({ mine, theirs, onMerged }) {
	const pointers = differences(theirs, mine).filter((pointer) => pointer !== "/revision");
	const [taken, setTaken] = useState(/** @type {Record<string, any>} */ ({}));
	const merged = () => onMerged(pointers.reduce((whole, pointer) => (taken[pointer] === theirs ? whole : put(whole, pointer, at(mine, pointer) ?? null)), theirs));
	return html`<${Sheet} title="The draft was saved somewhere else meanwhile">
		<p>Choose for each field which text stays. Nothing is lost until you go on.</p>
		${pointers.map(
			(pointer) => html`<fieldset key=${pointer}>
				<legend><code>${pointer}</code></legend>
				<div class="sides">
					${[["yours", mine], ["the other one", theirs]].map(
						([name, whole]) => html`<label>
							<input type="radio" name=${pointer} checked=${(taken[pointer] ?? mine) === whole} onChange=${() => setTaken({ ...taken, [pointer]: whole })} />
							${name}
							<pre dir="auto">${shown(at(whole, pointer))}</pre>
						</label>`,
					)}
				</div>
			</fieldset>`,
		)}
		${!pointers.length && html`<p>Both say the same.</p>`}
		<p><button class="first" onClick=${merged}>Go on with these</button></p>
	<//>`;
}
