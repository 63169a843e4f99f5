import { Form, ask, html, useFields } from "../lib/all.js";

/** A key is exchanged for a cookie, and forgotten. */
export function SignIn({ onSignedIn }) {
	const { values, set, field } = useFields({ key: "" });
	const signIn = async () => {
		try {
			const { data } = await ask("POST", "/sign-in", { body: { key: values.key.trim() }, quiet: true });
			set({ key: "" });
			onSignedIn(data);
		} catch (problem) {
			if (problem.status !== 401) throw problem;
			throw { ...problem, title: "not signed in", message: "This key is not known, or it is not good any more. Copy all of it." };
		}
	};
	return html`<main class="sign-in sheet">
		<h1>Switchboard</h1>
		<${Form} label="Sign in" act=${signIn}>
			${field("key", "API key", { type: "password", required: true, autocomplete: "off", spellcheck: false, hint: "It begins with swb_bus_ or swb_op_. It is exchanged for a sign-in and not kept in this browser." })}
		<//>
	</main>`;
}
