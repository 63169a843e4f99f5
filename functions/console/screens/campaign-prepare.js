// A campaign before its start: its file, what the check found, who would be called, and the start.
import { Ask, Fact, Figure, Form, Sheet, Trouble, ask, count, go, html, later, text, to, useEffect, useRef, useState } from "../lib/all.js";
import { Steps } from "./campaign-steps.js";
import { Chosen, Problems, put } from "./upload.js";

const Preview = later("campaign-preview Preview");
const Plan = later("campaign-plan Plan");

export function Prepare({ business, may, query, path, campaign, etag, reload }) {
	const { id, state, report } = campaign;
	const mayWrite = may("campaigns:write");
	const step = state === "ready" ? (query.get("step") === "preview" ? "preview" : "report") : state === "checking" || (report?.refused && report.refused.code !== "no_file") ? "report" : "file";
	const way = (step) => to(["b", business, "campaigns", id], { step });
	const before = useRef(step);
	useEffect(() => {
		// The next step is read from the campaign's heading on.
		if (before.current !== step) /** @type {HTMLElement | null} */ (document.querySelector("main h1"))?.focus();
		before.current = step;
	}, [step]);
	const discard = async () => {
		await ask("POST", `${path}/stop`);
		go(to(["b", business, "campaigns"]));
	};
	const again = html`<a class="button" href=${to(["b", business, "campaigns", "new"], { like: id })}>Other words, or another file</a>`;
	return html`<${Steps} at=${step} ways=${state === "ready" ? { report: way("report"), preview: way("preview") } : {}} />
		${step === "file" && html`<${TheFile} path=${path} mayWrite=${mayWrite} reload=${reload} />`}
		${state === "checking" && html`<p class="waiting" role="status">The file is being checked…</p>`}
		${report?.refused && step === "report" && html`<${Trouble} of=${{ title: "the file is no list of people", message: report.refused.detail }} />`}
		${state === "ready" && step === "report" && html`<${Found} path=${path} report=${report} since=${campaign.since} />
			<div class="row"><a class="button first" href=${way("preview")}>Who would be called</a></div>`}
		${step === "preview" && html`<${Preview} path=${path} campaign=${campaign} etag=${etag} mayWrite=${mayWrite} reload=${reload} />`}
		<${Plan} of=${campaign} />
		${mayWrite && html`<div class="row">${again}<${Ask} label="Discard the draft" question="It is not started, and cannot be gone on with any more." act=${discard} /></div>`}`;
}

/** The draft has no file yet: it was left, or the file did not arrive. */
function TheFile({ path, mayWrite, reload }) {
	const [file, setFile] = useState(/** @type {File | null} */ (null));
	const check = async () => {
		// The link of the page may be older than it is good.
		const { data } = await ask("GET", path);
		if (file && data.upload) await put(data.upload, file);
		if (data.state === "draft") await ask("POST", `${path}/check`);
		await reload();
	};
	return html`<${Sheet} title="The file">
		<p>The draft is kept, and waits for its file. Take the one that it was made with: the API knows its length. For another one, make another draft with these words.</p>
		${mayWrite && html`<${Form} label="Check the file" act=${check}><${Chosen} onChange=${setFile} hint="Empty: the one that was put before" /><//>`}
	<//>`;
}

/** The report of the check. */
function Found({ path, report, since }) {
	const countries = Object.entries(report.countries).sort(([, one], [, other]) => other - one);
	return html`<dl class="figures sheet">
			<${Figure} name="Rows" value=${count(report.rows)} />
			<${Figure} name="Will be called" value=${count(report.valid)} />
			<${Figure} name="Left out" value=${count(report.left_out)} />
			<${Figure} name="Remarks" value=${count(report.problems)} />
		</dl>
		${report.missing.length > 0 && html`<${Trouble} of=${{ title: "the words need what the file does not have", message: `It has no column ${report.missing.join(", ")}. Name the columns so, or write other words.` }} />`}
		${!report.valid && html`<${Trouble} of=${{ title: "nobody would be called", message: "Every row was left out. See why below." }} />`}
		<${Sheet} title="What was recognised">
			<dl class="facts">
				<${Fact} name="Columns"><ul class="findings">${report.headers.map((header) => html`<li key=${header}>${text(header)}</li>`)}</ul><//>
				<${Fact} name="Countries">${countries.map(([country, n]) => `${country}: ${count(n)}`).join(", ") || "none"}<//>
			</dl>
		<//>
		<h2>What there is to say of rows</h2>
		<${Problems} key=${since} path=${path} weight=${(one) => (one.left_out ? ["bad", "left out"] : ["", "taken"])} />`;
}
