// Pictures, voice notes and the like that came with a text.
import { bytes, html, text, words } from "../lib/all.js";

const REASONS = { not_there: "the carrier did not have it", too_large: "it is too large", wrong_bytes: "its bytes are not what the carrier says", refused: "the carrier does not give it out" };

/** A name for what something is, such as `picture` of `image/jpeg`. */
const kindOf = (type) => ({ image: "Picture", audio: "Voice note", video: "Video" })[type?.split("/")[0]] ?? "File";

export function Media({ of: one }) {
	const attachments = one.attachments ?? [];
	if (!attachments.length) return html`<p class="small">${one.media === 1 ? "One picture or file" : `${one.media} pictures or files`} came with it.</p>`;
	return attachments.map((it, n) => html`<p key=${n} class="small">
		${it.url ? html`<a href=${it.url} target="_blank" rel="noopener noreferrer">${kindOf(it.content_type)}</a>` : kindOf(it.content_type)}${it.bytes ? `, ${bytes(it.bytes)}` : it.not_kept ? `, not kept: ${REASONS[it.not_kept] ?? words(it.not_kept)}` : ", on its way"}
		${it.said && html`<br />${text(`“${it.said}”`)}`}
	</p>`);
}
