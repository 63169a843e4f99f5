import { html, useState } from "../lib/dom.js";
import { ask } from "../lib/api.js";
import { useAction } from "../lib/hooks.js";
import { Field, Trouble } from "../lib/ui.js";

/** A key is exchanged for a cookie, and forgotten. */
export function SignIn({ onSignedIn }) {
	const [key, setKey] = useState("");
	const { submit, busy, problem } = useAction(async () => {
		const { data } = await ask("POST", "/sign-in", { body: { key: key.trim() }, quiet: true });
		setKey("");
		onSignedIn(data);
	});
	const refused = problem?.status === 401 ? { ...problem, title: "not signed in", message: "This key is not known, or it is not good any more. Copy all of it." } : problem;
	return html`<main class="sign-in sheet">
		<h1>Switchboard</h1>
		<form onSubmit=${submit}>
			<${Field} label="API key" type="password" value=${key} onInput=${setKey} required autocomplete="off" spellcheck="false" hint="It begins with swb_bus_ or swb_op_. It is exchanged for a sign-in and not kept in this browser." />
			<${Trouble} of=${refused} />
			<button class="first" disabled=${busy}>Sign in</button>
		</form>
	</main>`;
}
