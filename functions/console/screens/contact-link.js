import { html, of, search, text, to, useLoad } from "../lib/all.js";

/** The way to the contact of an id, or the one that has a number, if there is one and it may be seen. */
export function ContactLink({ business, may, number, contact }) {
	const wanted = may("contacts:read");
	const one = useLoad(wanted && contact ? of(business, `/contacts/${contact}`) : null);
	const found = useLoad(wanted && !contact && number ? of(business, `/contacts?${search({ number })}`) : null);
	const known = one.data ?? found.data?.contacts[0];
	return known && html`<a href=${to(["b", business, "contacts", known.id])}>${text(known.name?.value ?? "Contact")}</a>`;
}
