// The steps from an idea to calls, and which of them is at hand.
import { html, text } from "../lib/all.js";

const STEPS = { write: "Write", file: "File", report: "What was found", preview: "Who is called, and start" };

/** `ways` has the addresses of those that can be gone to. */
export const Steps = ({ at, ways = {} }) => html`<ol class="ways" aria-label="Steps">
	${Object.entries(STEPS).map(([step, label], n) => html`<li key=${step} aria-current=${step === at ? "step" : undefined}>${ways[step] && step !== at ? html`<a href=${ways[step]}>${text(`${n + 1}. ${label}`)}</a>` : text(`${n + 1}. ${label}`)}</li>`)}
</ol>`;
