// The console's frame: who is signed in, which business is looked at, and which screen is shown.
import { Badge, Field, Form, NotLoaded, Trouble, ask, count, go, here, html, loaded, of, render, to, useEffect, useFields, useLayoutEffect, useLoad, useModule, useRef, useRoute, useState, whenSignedOut } from "./lib/all.js";
import { early } from "./lib/early.js";

/** A screen: what leads to it, the scope without which it shows nothing, and its module and name, and those of the screen of one of its things. */
const place = (name, title, scope, screen, one = screen) => ({ name, title, scope, screen, one });
const OF_BUSINESS = [
	place("overview", "Overview", "calls:read", "overview Overview"),
	place("live", "Live", "calls:read", "live Live"),
	place("calls", "Calls", "calls:read", "calls Calls", "call CallPage"),
	place("messages", "Messages", "calls:read", "messages Messages"),
	place("inbox", "Inbox", "texts:read", "inbox Inbox", "thread ThreadPage"),
	place("contacts", "Contacts", "contacts:read", "contacts Contacts", "contact ContactPage"),
	place("leads", "Leads", "leads:read", "leads Leads", "lead-source LeadSourcePage"),
	place("campaigns", "Campaigns", "campaigns:read", "campaigns Campaigns", "campaign CampaignPage"),
	place("calendar", "Calendar", "appointments:read", "calendar CalendarWeek", "calendar-offers Offers"),
	place("settings", "Settings", "settings:read", "settings Settings"),
	place("prompt", "What the model gets", "settings:read", "prompt Prompt"),
	place("numbers", "Numbers", "numbers:read", "numbers Numbers"),
	place("do-not-call", "Do not call", "do_not_call:read", "numbers DoNotCall"),
	place("endpoints", "Endpoints", "endpoints:read", "endpoints Endpoints", "endpoint EndpointPage"),
	place("notifications", "Notifications", "notifications:read", "notifications Notifications"),
	place("usage", "Usage", "usage:read", "usage Usage"),
	place("members", "Members", "keys:read", "members Members"),
	place("keys", "Keys", "keys:read", "keys Keys"),
	place("audit", "Audit", "audit:read", "audit Audit"),
	place("profile", "Business", "business:read", "businesses Profile"),
];
const OF_DEPLOYMENT = [
	place("businesses", "Businesses", "businesses:read", "businesses Businesses"),
	place("health", "Deployment", "deployment:read", "health Health"),
	place("keys", "Operators' keys", "keys:read", "keys Keys"),
	place("audit", "Operators' audit", "audit:read", "audit Audit"),
];

/** The screen that the parts of an address lead to, if there is one. */
function placeOf(/** @type {string[]} */ [area, ...rest]) {
	const [name, one] = area === "b" ? rest.slice(1) : rest;
	const found = (area === "b" ? OF_BUSINESS : OF_DEPLOYMENT).find((place) => place.name === name);
	return { found, one, screen: one === undefined ? found?.screen : found?.one };
}

function Console() {
	const [who, setWho] = useState();
	const [problem, setProblem] = useState(null);
	const { parts, query } = useRoute();
	const look = async (asked = ask("GET", "/sign-in", { quiet: true })) => {
		setProblem(null);
		try {
			setWho((await asked).data);
		} catch (problem) {
			if (problem.status === 401) setWho(null);
			else setProblem(problem);
		}
	};
	useEffect(() => {
		whenSignedOut(() => setWho(null));
		look(early);
	}, []);
	const invitation = parts[0] === "join" ? parts[1] : undefined;
	const reason = query.get("sign-in");
	const isOutside = who === null || invitation || reason;
	const { Part: SignIn } = useModule(isOutside ? "sign-in SignIn" : undefined);
	if (problem) return html`<main class="sign-in"><h1>Switchboard</h1><${Trouble} of=${problem} again=${() => look()} /></main>`;
	if (who === undefined || (isOutside && !SignIn)) return null;
	const signedIn = (who) => {
		setWho(who);
		if (reason) go(to([]), true);
	};
	if (isOutside) return html`<${SignIn} who=${who} invitation=${invitation} reason=${reason} onSignedIn=${signedIn} />`;
	return html`<${Frame} key=${who.key} who=${who} onLeft=${() => setWho(null)} onSwitched=${setWho} />`;
}

function Frame({ who, onLeft, onSwitched }) {
	const { parts, query } = useRoute();
	const [open, setOpen] = useState(false);
	const [area] = parts;
	const business = area === "b" ? parts[1] : who.business;
	const may = (scope) => who.scopes.includes(scope);
	const isOperator = who.owner === "operator";
	const waiting = useLoad(business && may("calls:read") ? of(business, "/messages?limit=1") : null, 30_000);
	const { found, one, screen } = placeOf(parts);
	const shown = found && may(found.scope) ? found : undefined;
	const { Part: Screen, problem } = useModule(shown && screen);
	const title = useRef(null);
	const address = parts.join("/");
	// Before anything else can move the page: what comes later would be replaced.
	useLayoutEffect(() => {
		if (!area) go(who.business ? to(["b", who.business, "overview"]) : to(["d", "businesses"]), true);
	}, [area]);
	useEffect(() => {
		document.title = `${shown?.title ?? "Not found"} · Switchboard`;
		setOpen(false);
	}, [address]);
	useEffect(() => {
		// The next screen is read from its heading on.
		title.current?.querySelector("h1")?.focus();
	}, [address, Screen]);
	const list = (title, prefix, screens) => html`${title && html`<h2>${title}</h2>`}
		<ul>
			${screens
				.filter((screen) => may(screen.scope))
				.map((screen) => html`<li key=${screen.name}><a href=${to([...prefix, screen.name])} aria-current=${screen === shown ? "page" : undefined}>${screen.title}${screen.name === "messages" && waiting.data?.waiting.count > 0 && html` <${Badge} tone="busy">${count(waiting.data.waiting.count)}<//>`}</a></li>`)}
		</ul>`;
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
					<p class="small">Signed in with the key <code>${who.key}</code> of ${isOperator ? "an operator" : html`<code>${who.business}</code>`}.</p>
					${who.businesses.length > 1 && html`<${Switch} who=${who} onSwitched=${onSwitched} />`}
					<${Looks} />
					<${Leave} onLeft=${onLeft} />
				</div>
			</details>
		</header>
		<nav id="side" class=${open ? "open" : ""} aria-label="Screens">
			${business && list(isOperator ? "Business" : "", ["b", business], OF_BUSINESS)}
			${isOperator && list("Deployment", ["d"], OF_DEPLOYMENT)}
		</nav>
		<main ref=${title} id="main" tabindex="-1">
			${Screen
				? html`<${Screen} key=${address} business=${area === "b" ? business : null} who=${who} may=${may} query=${query} one=${one} waiting=${waiting} />`
				: shown
					? problem && html`<${NotLoaded} />`
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
	return html`<${Field} label="Colours" value=${theme} onInput=${setTheme} options=${[["", "as the system has them"], ["light", "light"], ["dark", "dark"]]} />
		<${Field} label="Direction of the page" value=${way} onInput=${setWay} options=${[["ltr", "left to right"], ["rtl", "right to left"]]} />`;
}

/** A person of several businesses goes to another one. */
function Switch({ who, onSwitched }) {
	const { values, field } = useFields({ business: who.business });
	const change = async () => {
		const { data } = await ask("POST", "/sign-in/business", { body: values });
		go(to([]));
		onSwitched(data);
	};
	return html`<${Form} tone="" label="Go there" act=${change}>${field("business", "Business", { options: who.businesses.map((one) => [one, one]) })}<//>`;
}

function Leave({ onLeft }) {
	const leave = (path) => async () => {
		await ask("DELETE", path, { quiet: true }).catch((problem) => {
			if (problem.status !== 401) throw problem;
		});
		// What was being written is of the person who leaves.
		sessionStorage.clear();
		onLeft();
	};
	return html`<div class="row">
		<${Form} tone="" label="Sign out" act=${leave("/sign-in")} />
		<${Form} tone="" label="Sign out everywhere" act=${leave("/sign-in/all")} />
	</div>`;
}

// The first screen is fetched while the API is asked who is signed in.
loaded(placeOf(here().parts).screen ?? "overview Overview").catch(() => {});
const root = document.getElementById("console");
if (root) render(html`<${Console} />`, root);
