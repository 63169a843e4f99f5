// A file that a person chooses, its way into the bucket by a link that the API gives, and what there is to say of its rows.
import { Badge, List, count, html, search, text, useLoad, usePages } from "../lib/all.js";

export const Chosen = ({ onChange, hint = "", ...rest }) => html`<div class="field">
	<label for="file">File</label>
	<input id="file" type="file" accept=".csv,.txt,.tsv,text/csv" aria-describedby=${hint ? "file-hint" : undefined} onChange=${(event) => onChange(event.currentTarget.files[0] ?? null)} ...${rest} />
	${hint && html`<p class="hint" id="file-hint">${hint}</p>`}
</div>`;

/** Puts a file where the API says. @param {{url: string, method: string, headers: Record<string, string>}} upload */
export async function put({ url, method, headers }, file) {
	const answer = await fetch(url, { method, headers, body: file, credentials: "omit" }).catch(() => null);
	// A second try finds the file that the first one has put.
	if (!answer?.ok && answer?.status !== 412) throw { title: "not uploaded", message: "The file could not be put into its bucket. Check the connection, and try again." };
}

/** What a check found, row by row. @param {{path: string, weight: (one: any) => [string, string]}} of `weight`: a tone, and what became of the row */
export function Problems({ path, weight }) {
	const pages = usePages();
	const list = useLoad(`${path}/problems?${search({ cursor: pages.cursor })}`);
	const columns = {
		Line: (one) => count(one.line),
		Column: (one) => text(one.column ?? "–"),
		What: (one) => one.detail,
		"": (one) => html`<${Badge} tone=${weight(one)[0]}>${weight(one)[1]}<//>`,
	};
	return html`<${List} of=${list} name="problems" caption="What there is to say of rows" columns=${columns} id=${(one) => `${one.line} ${one.column} ${one.code}`} numbers=${["Line"]} pages=${pages} empty=${list.data?.next ? "Nothing on this page." : "There is nothing to say of any row."} />`;
}
