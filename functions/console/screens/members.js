import { Ask, Badge, Copy, FormDialog, Head, List, Opens, State, ask, date, html, of, text, useFields, useLoad, useState, words } from "../lib/all.js";
import { ROLES } from "./keys.js";

const OF_MEMBERS = { options: ROLES.filter(([role]) => role) };

/** The people who sign in through the issuer and work for the business. */
export function Members({ business, who, may }) {
	const path = of(business, "/members");
	const members = useLoad(path);
	const [made, setMade] = useState(null);
	const invited = async (answer) => {
		setMade(answer.data);
		await members.reload();
	};
	const columns = {
		Name: (member) => html`${text(member.name)}${member.id === who.key && html` <${Badge}>you<//>`}${member.email && html`<br />${text(member.email)}`}`,
		State: (member) => html`<${State} of=${member.state} />`,
		"May do": (member) => words(member.role),
		Invited: (member) => date(member.invited_at),
		"Last used": (member) => member.last_used ?? "never",
		"": (member) =>
			may("keys:write") &&
			html`<div class="row">
				<${Opens} label="Change role" dialog=${Person} path=${`${path}/${member.id}`} member=${member} then=${members.reload} />
				<${Ask} label=${member.state === "joined" ? "Remove" : "Withdraw"} question=${member.id === who.key ? "You are signed out at once." : "They are signed out at once, and the link opens nothing."} act=${() => ask("DELETE", `${path}/${member.id}`)} then=${members.reload} />
			</div>`,
	};
	return html`<${Head} title="Members">
			${may("keys:write") && html`<${Opens} label="Invite a person" tone="first" dialog=${Person} path=${path} then=${invited} />`}
		<//>
		${made && html`<${Copy} text=${made.link} label="Copy the link"><strong dir="auto">${made.name}</strong>: the link is shown once, and good for seven days.<//>`}
		<${List} of=${members} name="members" caption="Members" columns=${columns} empty="No members yet." />`;
}

/** Asks what a person may do, and who it is if they are to be invited. */
function Person({ path, member, ...dialog }) {
	const { values, field } = useFields(member ? { role: member.role } : { name: "", role: "agent" });
	const act = (headers) => ask(member ? "PATCH" : "POST", path, { headers, body: values });
	return html`<${FormDialog} ...${dialog} title=${member?.name ?? "Invite a person"} label=${member ? "Change it" : "Make the link"} act=${act}>
		${!member && field("name", "Name", { required: true })} ${field("role", "May do", OF_MEMBERS)}
	<//>`;
}
