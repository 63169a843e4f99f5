// What the screens of contacts share: people of the business, and words.
import { of, text, useLoad } from "../lib/all.js";

/** Those who can look after a contact or a task: pairs of a key's id and a name. The members are known to whom the keys may be shown. */
export function usePeople(business, may, who) {
	const members = useLoad(may("keys:read") ? of(business, "/members") : null);
	const others = (members.data?.members ?? []).filter(({ id, state }) => id !== who.key && state === "joined");
	return [[who.key, "me"], ...others.map(({ id, name }) => [id, name])];
}

/** A person by their key: a name, or the key where the name is not known. */
export const personOf = (people, key) => (key ? text(people.find(([id]) => id === key)?.[1] ?? key) : "–");

/** The same to choose from; a person who is not among them stays. */
export const choosePerson = (people, none, now) => [["", none], ...people, ...(now && !people.some(([id]) => id === now) ? [[now, now]] : [])];

/** The colours of what a status of a lead means. */
export const KINDS = { open: "", won: "good", lost: "bad" };

/** The statuses of the business's leads, as pairs of an id and its label. */
export const statuses = (pipeline) => (pipeline.data?.statuses ?? []).map(({ id, label }) => [id, label]);

export const HANDLES = { phone: "Number", whatsapp: "WhatsApp", whatsapp_parent: "WhatsApp, of the company", email: "E-mail", external: "Other system" };
export const POLICIES = { ask: "the agent asks first", use: "the agent uses it", never: "the agent is not told" };
