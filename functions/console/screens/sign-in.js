import { Form, ask, html, to, useFields, useLoad } from "../lib/all.js";

/** Why a person came back from the issuer without being signed in. Nothing that the issuer or a link says is shown. */
const REASONS = {
	cancelled: "It was broken off.",
	attempt_over: "It took too long, or had ended already.",
	another_browser: "It began in another window.",
	issuer_unreachable: "The issuer does not answer.",
	issuer_answer: "The issuer's answer cannot be used.",
	id_token: "The issuer does not prove who you are.",
	no_member: "You are a member of no business.",
	invitation_unknown: "The invitation is not known, or was withdrawn.",
	invitation_over: "The invitation is over.",
	too_many_businesses: "You belong to too many businesses.",
	invitation_used: "Another person accepted the invitation.",
};

/** A key is exchanged for a cookie, and forgotten. A person who is invited goes to the issuer. */
export function SignIn({ onSignedIn, invitation, reason, who }) {
	const { issuer } = useLoad("/sign-in/oidc").data ?? {};
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
	const goToIssuer = async () => location.assign((await ask("POST", "/sign-in/oidc", { body: { invitation } })).data.url);
	return html`<main class="sign-in sheet">
		<h1>Switchboard</h1>
		${reason && html`<div class="trouble" role="alert"><strong>Not signed in</strong><p>${REASONS[reason] ?? "Something failed. Try again."}</p></div>`}
		${invitation && html`<p>You are invited. Sign in to accept.</p>`}
		${!invitation &&
		html`<${Form} label="Sign in" act=${signIn}>
			${field("key", "API key", { type: "password", required: true, autocomplete: "off", spellcheck: false, hint: "It begins with swb_bus_ or swb_op_. It is exchanged for a sign-in and not kept in this browser." })}
		<//>`}
		${issuer && html`<${Form} tone=${invitation ? "first" : ""} label=${`Sign in with ${issuer}`} act=${goToIssuer} />`}
		${who && html`<p><a href=${to([])}>Stay signed in as ${who.name}</a></p>`}
	</main>`;
}
