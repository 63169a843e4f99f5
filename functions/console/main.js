// The console's frame: who is signed in, which business is looked at, and which screen is shown.
import { Fragment, html, render, useEffect, useRef, useState } from "./lib/dom.js";
import { ask, of, whenSignedOut } from "./lib/api.js";
import { useLoad, useRoute } from "./lib/hooks.js";
import { go, to } from "./lib/route.js";
import { Field, Trouble } from "./lib/ui.js";
import { SignIn } from "./screens/sign-in.js";
import { Overview } from "./screens/overview.js";
import { Calls } from "./screens/calls.js";
import { CallPage } from "./screens/call.js";
import { Live } from "./screens/live.js";
import { Settings } from "./screens/settings.js";
import { Prompt } from "./screens/prompt.js";
import { Numbers } from "./screens/numbers.js";
import { DoNotCall } from "./screens/do-not-call.js";
import { Usage } from "./screens/usage.js";
import { Keys } from "./screens/keys.js";
import { Audit } from "./screens/audit.js";
import { Profile } from "./screens/profile.js";
import { Businesses } from "./screens/businesses.js";
import { Health } from "./screens/health.js";

/** The screens of a business: what leads to them, and the scope without which they show nothing. */
const OF_BUSINESS = [
	{ name: "overview", title: "Overview", scope: "calls:read", screen: Overview },
	{ name: "live", title: "Live", scope: "calls:read", screen: Live },
	{ name: "calls", title: "Calls", scope: "calls:read", screen: Calls, one: CallPage },
	{ name: "settings", title: "Settings", scope: "settings:read", screen: Settings },
	{ name: "prompt", title: "What the model gets", scope: "settings:read", screen: Prompt },
	{ name: "numbers", title: "Numbers", scope: "numbers:read", screen: Numbers },
	{ name: "do-not-call", title: "Do not call", scope: "do_not_call:read", screen: DoNotCall },
	{ name: "usage", title: "Usage", scope: "usage:read", screen: Usage },
	{ name: "keys", title: "Keys", scope: "keys:read", screen: Keys },
	{ name: "audit", title: "Audit", scope: "audit:read", screen: Audit },
	{ name: "profile", title: "Business", scope: "business:read", screen: Profile },
];
const OF_DEPLOYMENT = [
	{ name: "businesses", title: "Businesses", scope: "businesses:read", screen: Businesses },
	{ name: "health", title: "Deployment", scope: "deployment:read", screen: Health },
	{ name: "keys", title: "Operators' keys", scope: "keys:read", screen: Keys },
	{ name: "audit", title: "Operators' audit", scope: "audit:read", screen: Audit },
];

function Console() {
	const [who, setWho] = useState(/** @type {any} */ (undefined));
	const [problem, setProblem] = useState(/** @type {any} */ (null));
	const look = async () => {
		setProblem(null);
		try {
			setWho((await ask("GET", "/sign-in", { quiet: true })).data);
		} catch (problem) {
			if (problem.status === 401) setWho(null);
			else setProblem(problem);
		}
	};
	useEffect(() => {
		whenSignedOut(() => setWho(null));
		look();
	}, []);
	if (problem) return html`<main class="sign-in"><h1>Switchboard</h1><${Trouble} of=${problem} again=${look} /></main>`;
	if (who === undefined) return null;
	if (who === null) return html`<${SignIn} onSignedIn=${setWho} />`;
	return html`<${Frame} who=${who} onLeft=${() => setWho(null)} />`;
}

function Frame({ who, onLeft }) {
	const { parts, query } = useRoute();
	const [open, setOpen] = useState(false);
	const [area, ...rest] = parts;
	const business = area === "b" ? rest[0] : who.business;
	const screens = area === "b" ? OF_BUSINESS : OF_DEPLOYMENT;
	const name = area === "b" ? rest[1] : rest[0];
	const one = area === "b" ? rest[2] : undefined;
	const may = (scope) => who.scopes.includes(scope);
	const place = screens.find((screen) => screen.name === name && may(screen.scope));
	const title = useRef(/** @type {HTMLElement | null} */ (null));
	const address = parts.join("/");
	useEffect(() => {
		if (!area) go(who.business ? to(["b", who.business, "overview"]) : to(["d", "businesses"]), true);
	}, [area]);
	useEffect(() => {
		document.title = `${place?.title ?? "Not found"} · Switchboard`;
		setOpen(false);
		// The next screen is read from its heading on.
		title.current?.querySelector("h1")?.focus();
	}, [address]);
	const Screen = one !== undefined && place && "one" in place ? place.one : place?.screen;
	const lists = [
		...(business ? [{ title: who.owner === "operator" ? "Business" : "", prefix: ["b", business], screens: OF_BUSINESS }] : []),
		...(who.owner === "operator" ? [{ title: "Deployment", prefix: ["d"], screens: OF_DEPLOYMENT }] : []),
	];
	return html`<div class="frame">
		<a class="skip" href="#main" onClick=${(event) => {
			event.preventDefault();
			title.current?.focus();
		}}>Skip to the content</a>
		<header class="top">
			<button class="menu" aria-expanded=${open} aria-controls="side" onClick=${() => setOpen(!open)}>Menu</button>
			<a class="brand" href="#/"><${Mark} />Switchboard</a>
			${business && html`<${BusinessName} business=${business} may=${may} />`}
			<span class="grow"></span>
			<details class="account">
				<summary dir="auto">${who.name}</summary>
				<div class="sheet">
					<p class="small">Signed in with the key <code>${who.key}</code> of ${who.owner === "operator" ? "an operator" : html`<code>${who.business}</code>`}.</p>
					<${Looks} />
					<${Leave} onLeft=${onLeft} />
				</div>
			</details>
		</header>
		<nav id="side" class=${`side ${open ? "open" : ""}`} aria-label="Screens">
			${lists.map(
				(list) => html`<${Fragment} key=${list.title}>
					${list.title && html`<h2>${list.title}</h2>`}
					<ul>
						${list.screens
							.filter((screen) => may(screen.scope))
							.map((screen) => {
								const here = list.screens === screens && screen.name === name;
								return html`<li key=${screen.name}><a href=${to([...list.prefix, screen.name])} aria-current=${here ? "page" : undefined}>${screen.title}</a></li>`;
							})}
					</ul>
				<//>`,
			)}
		</nav>
		<main ref=${title} id="main" tabindex="-1">
			${Screen
				? html`<${Screen} key=${address} business=${area === "b" ? business : null} who=${who} may=${may} query=${query} one=${one} />`
				: area && html`<h1 tabindex="-1">Not found</h1><p>There is no such screen, or the key that you signed in with has no scope for it.</p>`}
		</main>
	</div>`;
}

function Mark() {
	const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
	return html`<img src=${icon?.href} alt="" />`;
}

function BusinessName({ business, may }) {
	const profile = useLoad(may("business:read") ? of(business, "") : null);
	const standing = profile.data?.standing;
	return html`<span dir="auto">${profile.data?.name ?? business}${standing && standing !== "active" ? ` (${standing})` : ""}</span>`;
}

/** Light or dark, and which way the page runs. They are kept in this browser. */
function Looks() {
	const kept = (name) => localStorage.getItem(`switchboard-${name}`) ?? "";
	const [theme, setTheme] = useState(kept("theme"));
	const [way, setWay] = useState(kept("direction") || "ltr");
	useEffect(() => {
		document.documentElement.dataset.theme = theme;
		document.documentElement.dir = way;
		localStorage.setItem("switchboard-theme", theme);
		localStorage.setItem("switchboard-direction", way);
	}, [theme, way]);
	return html`<${Field} label="Colours" value=${theme} onInput=${setTheme} options=${[
			{ value: "", label: "as the system has them" },
			{ value: "light", label: "light" },
			{ value: "dark", label: "dark" },
		]} />
		<${Field} label="Direction of the page" value=${way} onInput=${setWay} options=${[
			{ value: "ltr", label: "left to right" },
			{ value: "rtl", label: "right to left" },
		]} />`;
}

function Leave({ onLeft }) {
	const [problem, setProblem] = useState(/** @type {any} */ (null));
	const leave = async (path) => {
		try {
			await ask("DELETE", path, { quiet: true });
			onLeft();
		} catch (problem) {
			if (problem.status === 401) onLeft();
			else setProblem(problem);
		}
	};
	return html`<div class="row">
			<button onClick=${() => leave("/sign-in")}>Sign out</button>
			<button onClick=${() => leave("/sign-in/all")}>Sign out everywhere</button>
		</div>
		<${Trouble} of=${problem} />`;
}

const root = document.getElementById("console");
if (root) render(html`<${Console} />`, root);
