import { Badge, Head, Loaded, Table, count, html, text, useLoad, words } from "../lib/all.js";

const TONES = { proven: "good", warning: "busy", fault: "bad" };

/** What the deployment finds when it looks at itself. */
export function Health() {
	const health = useLoad("/health/deep");
	const columns = {
		Check: (check) => check.name,
		State: (check) => html`<${Badge} tone=${TONES[check.state] ?? ""}>${words(check.state)}<//>`,
		Found: (check) => text(check.detail),
		Took: (check) => `${count(check.ms)} ms`,
	};
	return html`<${Head} title="Deployment"><button onClick=${() => health.reload()}>Check again</button><//>
		<p>Certificates and what else is seen from outside, <code>switchboard doctor</code> checks.</p>
		<${Loaded} of=${health}>
			${(data) => html`<p role="status"><${Badge} tone=${data.ok ? "good" : "bad"}>${data.ok ? "All is well" : "Something is wrong"}<//></p>
				<${Table} caption="Checks" columns=${columns} rows=${data.checks} id=${(check) => check.name} numbers=${["Took"]} />`}
		<//>`;
}
