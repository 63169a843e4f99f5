import { Badge, Head, List, State, count, html, text, useLoad } from "../lib/all.js";

/** What the deployment finds when it looks at itself. */
export function Health() {
	const health = useLoad("/health/deep");
	const columns = {
		Check: (check) => check.name,
		State: (check) => html`<${State} of=${check.state} />`,
		Found: (check) => text(check.detail),
		Took: (check) => `${count(check.ms)} ms`,
	};
	return html`<${Head} title="Deployment"><button onClick=${() => health.reload()}>Check again</button><//>
		<p>Certificates and what else is seen from outside, <code>switchboard doctor</code> checks.</p>
		${health.data && html`<p role="status"><${Badge} tone=${health.data.ok ? "good" : "bad"}>${health.data.ok ? "All is well" : "Something is wrong"}<//></p>`}
		<${List} of=${health} name="checks" caption="Checks" columns=${columns} id=${(check) => check.name} numbers=${["Took"]} />`;
}
