// Who is called next, once it is asked for.
import { html, later, useState } from "../lib/all.js";

const Preview = later("campaign-preview Preview");

export function Next({ path, campaign }) {
	const [open, setOpen] = useState(false);
	return html`<details class="sheet" onToggle=${(event) => setOpen(event.currentTarget.open)}>
		<summary>Who is called next</summary>
		${open && html`<${Preview} path=${path} campaign=${campaign} mayWrite=${false} />`}
	</details>`;
}
