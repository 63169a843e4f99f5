import { html, useState } from "../lib/dom.js";
import { at, differences, put, shown } from "../lib/pointer.js";

/** Two drafts of the same settings: of each field that differs, one is taken. */
export function Merge({ mine, theirs, onMerged }) {
	const pointers = differences(theirs, mine).filter((pointer) => pointer !== "/revision");
	const [taken, setTaken] = useState(/** @type {Record<string, boolean>} */ ({}));
	const merged = () => onMerged(pointers.reduce((whole, pointer) => (taken[pointer] === false ? whole : put(whole, pointer, at(mine, pointer) ?? null)), theirs));
	return html`<section class="sheet" aria-labelledby="merge">
		<h2 id="merge">The draft was saved somewhere else meanwhile</h2>
		<p>Choose for each field which text stays. Nothing is lost until you go on.</p>
		${pointers.map(
			(pointer) => html`<fieldset key=${pointer}>
				<legend><code>${pointer}</code></legend>
				<div class="sides">
					${[
						{ name: "yours", value: at(mine, pointer), mine: true },
						{ name: "the other one", value: at(theirs, pointer), mine: false },
					].map(
						(side) => html`<label>
							<input type="radio" name=${pointer} checked=${(taken[pointer] ?? true) === side.mine} onChange=${() => setTaken({ ...taken, [pointer]: side.mine })} />
							${side.name}
							<pre dir="auto">${shown(side.value)}</pre>
						</label>`,
					)}
				</div>
			</fieldset>`,
		)}
		${!pointers.length && html`<p>Both say the same.</p>`}
		<p><button class="first" onClick=${merged}>Go on with these</button></p>
	</section>`;
}
