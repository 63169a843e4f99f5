// All that is kept of one person as an archive: asked for, and fetched by a link that is made at each look.
import { Dialog, Fact, Form, Trouble, ask, bytes, count, dateTime, html, useEffect, useLoad, useState, words } from "../lib/all.js";

export function ExportPerson({ path, onClose }) {
	const [id, setId] = useState("");
	const [over, setOver] = useState(false);
	const one = useLoad(id ? `${path}/export/${id}` : null, over ? 0 : 1_000);
	const state = one.data?.state;
	useEffect(() => {
		if (state && state !== "writing") setOver(true);
	}, [state]);
	const begin = async (headers) => {
		const { data } = await ask("POST", `${path}/export`, { headers });
		setOver(false);
		setId(data.id);
	};
	return html`<${Dialog} title="Export the person" onClose=${onClose}>
		<p>All that is kept of the person in one archive: what is known of them, calls with words and recordings, texts, messages, appointments and wishes. What is of other people is not in it. It is kept for a week; who fetches it is in the log.</p>
		<${Form} tone="" label="Write the archive" act=${begin} />
		<${Trouble} of=${one.problem} />
		${id && html`<p role="status">${one.data?.url ? html`<a href=${one.data.url}>The archive</a>, ${bytes(one.data.bytes)}, kept until ${dateTime(one.data.kept_until)}. The link is good for 15 minutes.` : state === "failed" ? "It could not be written: try again." : "It is being written…"}</p>`}
		${one.data?.parts.length > 0 &&
		html`<dl class="facts">${one.data.parts.map(({ part, count: given, left_out: left }) => html`<${Fact} key=${part} name=${words(part)}>${count(given)} given${left.map(({ detail, count: n }) => html`; ${n ? count(n) : "what there is"} left out: ${detail}`)}<//>`)}</dl>`}
	<//>`;
}
