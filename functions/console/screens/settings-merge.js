import { Sheet, html, useState } from "../lib/all.js";
import { at, differences, put, shown } from "../lib/pointer.js";

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
