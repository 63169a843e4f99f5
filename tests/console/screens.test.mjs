// Every screen: without errors, without a violation of the policy, without a serious finding of axe, in both themes and
// directions, wide and narrow.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { ask, launch, open, operatorKey, signIn, url } from "./browser.mjs";
import { CLOSED, OPEN, withThreads } from "./threads.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.SCREENSHOTS;
const LOOKS = [
  { name: "light-1280", width: 1280, theme: "light", dir: "ltr" },
  { name: "dark-1280-rtl", width: 1280, theme: "dark", dir: "rtl" },
  { name: "light-375-rtl", width: 375, theme: "light", dir: "rtl" },
  { name: "dark-375", width: 375, theme: "dark", dir: "ltr" },
];

let browser;
let business;
let call;
let contact;
let appointment;
let endpoint;
let leadSource;
let draft;
let campaign;
before(async () => {
  browser = await launch();
  if (shots) await mkdir(shots, { recursive: true });
  const calls = (await ask("GET", "/calls")).data.calls;
  call = calls.find((call) => call.status === "completed") ?? calls[0];
  business = (await ask("GET", "/sign-in")).data.business;
  await ask("POST", "/members", { body: { name: "Ada Byron", role: "agent" }, headers: { "idempotency-key": "screens" } });
  await offered();
  const told = { url: "https://hooks.example/switchboard", description: "Not there", types: ["usage.*"], headers: { "x-gateway-key": "none" } };
  const room = { name: "The shop's room", kind: "slack", url: "https://hooks.example/services/T000/B000/abcdefgh", rules: [{ on: "low_budget" }], quiet_hours: { sunday: ["00:00-24:00"] } };
  await ask("POST", "/notifications/receivers", { body: room, headers: { "idempotency-key": "screens-room" } });
  ({ data: endpoint } = await ask("POST", "/endpoints", { body: told, headers: { "idempotency-key": crypto.randomUUID() } }));
  draft = await prepared();
  campaign = await prepared();
  await ask("POST", `/campaigns/${campaign}/start`);
  await ask("POST", `/campaigns/${campaign}/stop`);
  ({ data: leadSource } = await ask("POST", "/lead-sources", { body: { name: "Form of the site" }, headers: { "idempotency-key": "console-leads" } }));
});
after(async () => {
  await ask("POST", `/campaigns/${draft}/stop`).catch(() => {});
  await browser?.close();
});

/** A campaign whose file was checked: of one person who is called, and of one who is not. */
async function prepared() {
  const text = "phone,name,bicycle\n+12025560171,דנה לוי,red\nnone,Eve,blue\n";
  const [{ number: from }] = (await ask("GET", "/numbers")).data.numbers;
  const body = { name: "Service in spring, שירות", purpose: "service", from: [from], bytes: Buffer.byteLength(text), starts_at: "2999-01-01T00:00:00Z", reason: "the service of your {{bicycle}}", budget: { micros: 5_000_000 }, goal: { lead_status: "booked" } };
  const { data } = await ask("POST", "/campaigns", { body, headers: { "idempotency-key": crypto.randomUUID() } });
  assert.ok((await fetch(data.upload.url, { method: "PUT", headers: data.upload.headers, body: text })).ok);
  await ask("POST", `/campaigns/${data.id}/check`);
  while ((await ask("GET", `/campaigns/${data.id}`)).data.state === "checking") await new Promise((resolve) => setTimeout(resolve, 100));
  return data.id;
}

/** A contact with all that is shown of one, and a week with an appointment in it. */
async function offered() {
  const once = () => ({ "idempotency-key": crypto.randomUUID() });
  const word = `Ada B${Date.now().toString(36)}`;
  const person = { name: word, company: "Acme", language: "he", tags: ["vip"], handles: [{ kind: "email", value: `${word.replace(" ", ".")}@example.com` }] };
  const { data: other } = await ask("POST", "/contacts", { body: { name: word }, headers: once() });
  ({ data: contact } = await ask("POST", "/contacts", { body: person, headers: once() }));
  for (const text of ["Likes tea", "מדברת עברית"]) await ask("POST", `/contacts/${contact.id}/notes`, { body: { text, agent_readable: true }, headers: once() });
  await ask("POST", `/contacts/${contact.id}/tasks`, { body: { text: "Call back", due_at: "2026-01-01T09:00:00Z" }, headers: once() });
  assert.notEqual(other.id, contact.id);
  const id = `screens-${word.toLowerCase().replace(" ", "-")}`;
  const week = Object.fromEntries(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((day) => [day, ["00:00-24:00"]]));
  await ask("PUT", `/appointments/calendars/${id}`, { body: { name: "Anna", time_zone: "Asia/Jerusalem", week } });
  await ask("PUT", `/appointments/services/${id}`, { body: { name: "Fitting", minutes: 30, calendars: [id], price: "40 euros" } });
  const { slots } = (await ask("GET", `/appointments/slots?service=${id}&limit=1`)).data;
  ({ data: appointment } = await ask("POST", "/appointments", { headers: once(), body: { service: id, start: slots[0].start, person: { name: "דנה לוי", number: "+12025550187" }, notes: "Brings the key" } }));
}

const screens = () => [
  { name: "overview", at: `b/${business}/overview`, shows: "Latest calls" },
  { name: "talk", at: `b/${business}/overview`, press: "Talk to the agent", shows: "Begin" },
  { name: "live", at: `b/${business}/live`, shows: "Live" },
  { name: "calls", at: `b/${business}/calls`, shows: "Calls shown" },
  { name: "call", at: `b/${business}/calls/${call.sid}`, shows: "What was said" },
  { name: "messages", at: `b/${business}/messages`, shows: "Kind" },
  { name: "inbox", at: `b/${business}/inbox`, shows: "Last words" },
  { name: "thread", at: `b/${business}/inbox/${OPEN}`, shows: "The person cannot be reached" },
  { name: "template", at: `b/${business}/inbox/${CLOSED}`, shows: "What its places hold" },
  { name: "contacts", at: `b/${business}/contacts`, shows: contact.name.value },
  { name: "contact", at: `b/${business}/contacts/${contact.id}`, shows: "Perhaps the same person" },
  { name: "contact-edit", at: `b/${business}/contacts/${contact.id}`, press: "Edit", shows: "Add a number or an address" },
  { name: "contact-export", at: `b/${business}/contacts/${contact.id}`, press: "Export the person", shows: "Write the archive" },
  { name: "contacts-files", at: `b/${business}/contacts/files`, shows: "Export all contacts" },
  { name: "contacts-setup", at: `b/${business}/contacts/setup`, shows: "Add a status" },
  { name: "merge", at: `b/${business}/contacts/${contact.id}`, press: "Merge", shows: "It can be undone" },
  { name: "calendar", at: `b/${business}/calendar?calendar=${appointment.calendar}`, shows: "by clocks in Asia/Jerusalem" },
  { name: "book", at: `b/${business}/calendar?calendar=${appointment.calendar}`, press: "Book", shows: "Only hold it" },
  { name: "appointment", at: `b/${business}/calendar?appointment=${appointment.id}`, shows: "Brings the key" },
  { name: "offers", at: `b/${business}/calendar/offers`, shows: "40 euros" },
  { name: "calendar-edit", at: `b/${business}/calendar/offers`, press: "New calendar", shows: "Other days" },
  { name: "service-edit", at: `b/${business}/calendar/offers`, press: "New service", shows: "What it takes along" },
  { name: "settings", at: `b/${business}/settings`, shows: "Calls that come in" },
  { name: "history", at: `b/${business}/settings?tab=history`, shows: "Revision" },
  { name: "revision", at: `b/${business}/settings?revision=1`, shows: "All settings" },
  { name: "prompt", at: `b/${business}/prompt`, shows: "What the model gets" },
  { name: "numbers", at: `b/${business}/numbers`, shows: "Check at Twilio" },
  { name: "do-not-call", at: `b/${business}/do-not-call`, shows: "Do not call" },
  { name: "endpoints", at: `b/${business}/endpoints`, shows: "hooks.example" },
  { name: "endpoint-edit", at: `b/${business}/endpoints`, press: "Add an endpoint", shows: "Headers to send along" },
  { name: "endpoint", at: `b/${business}/endpoints/${endpoint.id}`, shows: "Send a test" },
  { name: "leads", at: `b/${business}/leads`, shows: "Form of the site" },
  { name: "lead-source-edit", at: `b/${business}/leads`, press: "Add a source", shows: "Where things stand in it" },
  { name: "lead-source", at: `b/${business}/leads/${leadSource.id}`, shows: "Leads of the last 30 days" },
  { name: "campaigns", at: `b/${business}/campaigns`, shows: "Service in spring" },
  { name: "campaign-new", at: `b/${business}/campaigns/new`, shows: "How often a person is tried" },
  { name: "campaign-report", at: `b/${business}/campaigns/${draft}`, shows: "not a telephone number" },
  { name: "campaign-preview", at: `b/${business}/campaigns/${draft}?step=preview`, shows: "What it may come to" },
  { name: "campaign", at: `b/${business}/campaigns/${campaign}`, shows: "People of the campaign" },
  { name: "notifications", at: `b/${business}/notifications`, shows: "The shop's room" },
  { name: "notification-add", at: `b/${business}/notifications`, press: "Add a receiver", shows: "What it is told of" },
  { name: "usage", at: `b/${business}/usage`, shows: "Minutes" },
  { name: "members", at: `b/${business}/members`, shows: "Ada Byron" },
  { name: "keys", at: `b/${business}/keys`, shows: "Make a key" },
  { name: "audit", at: `b/${business}/audit`, shows: "Export the day" },
  { name: "profile", at: `b/${business}/profile`, shows: "Time zone" },
  { name: "businesses", at: "d/businesses", shows: "Add a business" },
  { name: "health", at: "d/health", shows: "Check again" },
  { name: "operators-keys", at: "d/keys", shows: "Make a key" },
];

for (const look of LOOKS) {
  test(`every screen is well in ${look.name}`, async () => {
    const { context, page, wrong } = await open(browser, { viewport: { width: look.width, height: 900 }, colorScheme: look.theme, reducedMotion: "reduce" });
    await page.addInitScript(({ theme, dir }) => {
      localStorage.setItem("switchboard-theme", theme);
      localStorage.setItem("switchboard-direction", dir);
    }, look);
    await withThreads(page, "E1EwthbN");
    await page.goto(`${url}/console`);
    await page.getByLabel("API key").waitFor();
    await checked(page, look, "sign-in");
    await signIn(page, operatorKey);
    for (const screen of screens()) {
      await page.goto(`${url}/console#/${screen.at}`);
      if (screen.press) await page.getByRole("button", { name: screen.press, exact: true }).click();
      await page.locator("main").getByText(screen.shows).first().waitFor();
      await page.locator(".waiting").first().waitFor({ state: "detached" });
      await checked(page, look, screen.name);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${screen.name} in ${look.name} is ${wide} px too wide`);
      if (screen.press) await page.keyboard.press("Escape");
    }
    assert.deepEqual(wrong, []);
    await context.close();
  });
}

async function checked(page, look, name) {
  // Evaluated by the browser's own tools, which the page's policy does not bind.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => (await window.axe.run()).violations);
  const serious = found.filter((violation) => ["serious", "critical"].includes(violation.impact));
  const told = serious.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
  assert.deepEqual(told, [], `${name} in ${look.name}`);
  if (shots) await page.screenshot({ path: `${shots}/${name}-${look.name}.png`, fullPage: true });
}
