import { html } from "../lib/dom.js";
import { useLoad } from "../lib/hooks.js";
import { count, words } from "../lib/format.js";
import { Badge, Loaded, Table } from "../lib/ui.js";

const TONES = { proven: "good", warning: "busy", fault: "bad" };

/** What the deployment finds when it looks at itself. */
export function Health() {
	const health = useLoad("/health/deep");
	const columns = [
		{ name: "Check", cell: (check) => check.name },
		{ name: "State", cell: (check) => html`<${Badge} tone=${TONES[check.state] ?? ""}>${words(check.state)}<//>` },
		{ name: "Found", cell: (check) => html`<span dir="auto">${check.detail}</span>` },
		{ name: "Took", number: true, cell: (check) => `${count(check.ms)} ms` },
	];
	return html`<header>
			<h1 tabindex="-1">Deployment</h1>
			<button onClick=${() => health.reload()}>Check again</button>
		</header>
		<p>What can only be seen from outside, such as certificates, the command <code>switchboard doctor</code> checks.</p>
		<${Loaded} of=${health}>
			${(data) => html`<p role="status"><${Badge} tone=${data.ok ? "good" : "bad"}>${data.ok ? "Everything that was checked is well" : "Something is wrong"}<//></p>
				<div class="sheet"><${Table} caption="Checks" columns=${columns} rows=${data.checks} id=${(check) => check.name} /></div>`}
		<//>`;
}
