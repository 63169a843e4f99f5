// A file that a person chooses, and its way into the bucket by a link that the API gives.
import { html } from "../lib/all.js";

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
