// Another secret, of an endpoint or of a source of leads.
import { FormDialog, ask, html, useFields } from "../lib/all.js";

export function Rotate({ path, ...dialog }) {
	const { values, field } = useFields({ overlap_hours: "24" });
	const rotate = (headers) => ask("POST", path, { headers, body: { overlap_hours: Number(values.overlap_hours) } });
	return html`<${FormDialog} ...${dialog} title="Another secret" label="Make it" act=${rotate}>
		${field("overlap_hours", "Hours that the secret before it is good as well", { type: "number", min: 0, max: 168, required: true, hint: "0 if it became known" })}
	<//>`;
}
