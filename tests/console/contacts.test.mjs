// The people whom the business knows: found, made, edited by two at once, moved, merged and parted again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const CANARY = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>`;
/** A word that no other run has. */
const RUN = `run${Date.now().toString(36)}`;

let browser;
let business;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
  const { etag } = await ask("GET", "/contacts/fields");
  const fields = [
    { key: "city", label: "City", kind: "text", agent_readable: true, agent_writable: true },
    { key: "bikes", label: "Bikes", kind: "number", agent_readable: true, agent_writable: false },
    { key: "kind", label: "Kind", kind: "select", options: ["city", "mountain"], agent_readable: false, agent_writable: false },
    { key: "extras", label: "Extras", kind: "multiselect", options: ["bell", "light"], agent_readable: false, agent_writable: false },
    { key: "site", label: "Site", kind: "url", agent_readable: false, agent_writable: false },
    { key: "member", label: "Member", kind: "bool", agent_readable: false, agent_writable: false },
    { key: "since", label: "Since", kind: "datetime", agent_readable: false, agent_writable: false },
  ];
  await ask("PUT", "/contacts/fields", { body: { fields }, headers: { "if-match": etag } });
});
after(() => browser?.close());

const once = () => ({ "idempotency-key": crypto.randomUUID() });
const make = async (body) => (await ask("POST", "/contacts", { body, headers: once() })).data;
const at = (place) => `${url}/console#/b/${business}/${place}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });
const region = (page, name) => page.getByRole("region", { name });
const number = () => `+1202555${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;

async function opened() {
  const one = await open(browser);
  await signIn(one.page, key);
  return one;
}

test("a contact is made, found by name, number and address, and edited with every kind of field", async () => {
  const { context, page, wrong } = await opened();
  const [phone, email] = [number(), `${RUN}@example.com`];
  await page.goto(at("contacts"));
  await button(page, "New contact").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(`Dana ${RUN} ${CANARY}`);
  await dialog.getByLabel("Number").fill(phone);
  await dialog.getByLabel("E-mail").fill(email);
  await button(dialog, "Make it").click();
  await page.getByRole("heading", { name: `Dana ${RUN}` }).waitFor();
  for (const [typed, shown] of [[RUN, true], [phone, true], [email, true], [`no${RUN}`, false]]) {
    await page.goto(at("contacts"));
    await page.getByLabel("Name, number or e-mail").fill(typed);
    await page.keyboard.press("Enter");
    if (shown) await page.getByRole("row").filter({ hasText: RUN }).waitFor();
    else await page.getByText("No contact fits.").waitFor();
    await page.waitForURL(/q=/);
  }
  await page.goto(at(`contacts?q=${RUN}`));
  await page.getByRole("link", { name: `Dana ${RUN}` }).click();

  await button(page, "Edit").click();
  await dialog.getByLabel("Company").fill("Acme");
  await dialog.getByLabel("Language").fill("he");
  await dialog.getByLabel("Looked after by").selectOption({ label: "me" });
  await dialog.getByLabel("Tags").fill(`vip, ${RUN}`);
  await dialog.getByLabel("City").fill(`חיפה`);
  await dialog.getByLabel("Bikes").fill("3");
  await dialog.getByLabel("Kind", { exact: true }).last().selectOption("mountain");
  await dialog.getByLabel("bell").check();
  await dialog.getByLabel("Site").fill("https://example.com/dana");
  await dialog.getByLabel("Member").selectOption("true");
  await dialog.getByLabel("Since").fill("2026-11-01T08:30");
  await button(dialog, "Save").click();
  await dialog.waitFor({ state: "detached" });
  const known = region(page, "What is known");
  for (const shown of ["Acme", "חיפה", "mountain", "bell", "yes", "typed by a person", "vip"]) await known.getByText(shown).first().waitFor();
  assert.equal(await known.getByRole("link", { name: "https://example.com/dana" }).getAttribute("rel"), "noopener noreferrer");
  const found = (await ask("GET", `/contacts?name=${RUN}`)).data.contacts[0];
  assert.deepEqual([found.fields.bikes.value, found.fields.extras.value, found.fields.member.value, found.fields.since.value], ["3", ["bell"], true, new Date("2026-11-01T08:30").toISOString().replace(".000", "")]);
  assert.deepEqual([found.company.value, found.language.value, found.tags], ["Acme", "he", [RUN, "vip"]]);
  await page.goto(at(`contacts?tag=${RUN}`));
  await page.getByRole("row").filter({ hasText: "Acme" }).waitFor();
  assert.equal(await page.evaluate(() => window.hurt), undefined, "what people wrote is text");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a number that another contact has is refused in words, with that contact's id", async () => {
  const { context, page, wrong } = await opened();
  const phone = number();
  const other = await make({ name: `Taken ${RUN}`, handles: [{ kind: "phone", value: phone }] });
  await page.goto(at("contacts"));
  await button(page, "New contact").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Number").fill(phone);
  await button(dialog, "Make it").click();
  await dialog.getByRole("alert").getByText(other.id).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("of two people who edit a contact the second sees what the first changed, and nothing is lost", async () => {
  const { context, page, wrong } = await opened();
  const { id } = await make({ name: `Two ${RUN}`, company: "Old" });
  await page.goto(at(`contacts/${id}`));
  await button(page, "Edit").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Company").fill("Mine");
  await dialog.getByLabel("Language").fill("de");
  const { etag } = await ask("GET", `/contacts/${id}`);
  await ask("PATCH", `/contacts/${id}`, { body: { company: "Theirs", tags: ["new"] }, headers: { "if-match": etag } });
  await button(dialog, "Save").click();
  await button(dialog, "See what the other person changed").click();
  await dialog.getByText("Another person changed the same.").waitFor();
  await dialog.getByText("Theirs").waitFor();
  assert.equal(await dialog.getByLabel("Tags").inputValue(), "new", "what only the other one changed is taken over");
  assert.equal(await dialog.getByLabel("Company").inputValue(), "Mine");
  await button(dialog, "Take it").click();
  assert.equal(await dialog.getByLabel("Company").inputValue(), "Theirs");
  await button(dialog, "Save").click();
  await dialog.waitFor({ state: "detached" });
  const { company, language, tags } = (await ask("GET", `/contacts/${id}`)).data;
  assert.deepEqual([company.value, language.value, tags], ["Theirs", "de", ["new"]]);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a lead is moved with a reason, tasks are added and done, notes written and removed, all in the history", async () => {
  const { context, page, wrong } = await opened();
  const { id, lead } = await make({ name: `Lead ${RUN}` });
  const { statuses } = (await ask("GET", "/contacts/pipeline")).data;
  const to = statuses.find((status) => status.id !== lead.status);
  await page.goto(at(`contacts/${id}`));
  await button(page, "Move").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("To", { exact: true }).selectOption(to.id);
  await dialog.getByLabel("Why").fill(`asked ${CANARY}`);
  await button(dialog, "Move it").click();
  await region(page, "Lead").locator(".badge").getByText(to.label, { exact: true }).waitFor();
  await region(page, "Lead").getByText("Moves: 1").click();
  await region(page, "Lead").getByText(`asked ${CANARY}`).waitFor();

  const tasks = region(page, "Tasks");
  await tasks.getByLabel("New task").fill(`Call back ${CANARY}`);
  await tasks.getByLabel("Until").fill("2026-01-01T09:00");
  await tasks.getByLabel("For").selectOption({ label: "me" });
  await button(tasks, "Add the task").click();
  await tasks.getByText("late").waitFor();
  await tasks.getByLabel(`Call back ${CANARY}`).click();
  await tasks.getByText("Done: 1").waitFor();
  await tasks.getByText("Nothing is to be done.").waitFor();
  assert.ok((await ask("GET", `/contacts/${id}/tasks`)).data.tasks[0].done_at);

  const happened = region(page, "What happened");
  await happened.getByLabel("New note").fill(`Likes tea ${CANARY}`);
  await happened.getByLabel("The agent is told").check();
  await button(happened, "Add the note").click();
  await happened.locator("li").filter({ hasText: `Likes tea ${CANARY}` }).getByText("the agent is told").waitFor();
  await happened.getByLabel("Show").selectOption("note");
  await happened.locator("li").nth(1).waitFor({ state: "detached" });
  await button(happened, "Remove").click();
  await button(page.getByRole("dialog"), "Remove").click();
  await happened.getByText("Nothing of this kind.").waitFor();
  await happened.getByLabel("Show").selectOption("");
  await happened.locator("li").filter({ hasText: "lead move" }).waitFor();
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("what a call suggests of a lead is accepted or refused", async () => {
  const { context, page, wrong } = await opened();
  const { id, lead } = await make({ name: `Suggested ${RUN}` });
  const { statuses } = (await ask("GET", "/contacts/pipeline")).data;
  const to = statuses.find((status) => status.id !== lead.status);
  const call = `CA${"7".repeat(32)}`;
  const asked = [];
  let isOpen = true;
  await page.route(`**/contacts/${id}`, async (route) => {
    const answer = await route.fetch({ headers: { ...route.request().headers(), "if-none-match": "" } });
    const body = await answer.json();
    if (isOpen) body.lead.suggestion = { to: to.id, at: new Date().toISOString(), by: { call, key: null }, confidence: 60, reason: `They want an offer ${CANARY}` };
    await route.fulfill({ response: answer, json: body });
  });
  page.on("request", (request) => request.url().endsWith("/lead") && asked.push(request.postDataJSON().status));
  await page.goto(at(`contacts/${id}`));
  await page.getByText(`Suggested: ${to.label}`).waitFor();
  await page.getByText("60 % sure").waitFor();
  const again = page.waitForResponse((answer) => answer.request().method() === "POST").then(() => page.waitForResponse((answer) => answer.url().endsWith(id)));
  await button(page, "Refuse").click();
  await again;
  await button(page, "Accept").click();
  isOpen = false;
  await page.getByText(`Suggested: ${to.label}`).waitFor({ state: "detached" });
  await region(page, "Lead").locator(".badge").getByText(to.label, { exact: true }).waitFor();
  assert.deepEqual(asked, [lead.status, to.id]);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("two contacts of one name are merged with a choice, lead on from the old address, and are parted again", async () => {
  const { context, page, wrong } = await opened();
  const [mine, theirs] = [number(), number()];
  const stays = await make({ name: `Merge ${RUN}`, company: "Here", handles: [{ kind: "phone", value: mine }] });
  const goes = await make({ name: `Merge ${RUN}`, company: "There", handles: [{ kind: "phone", value: theirs }] });
  await page.goto(at(`contacts/${stays.id}`));
  await region(page, "Perhaps the same person").getByText("the same name").waitFor();
  await button(page, "Merge").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Company: take There in place of Here").check();
  await button(dialog, "Merge them").click();
  await button(page, "Undo the merge").waitFor();
  await region(page, "What is known").getByText(theirs).first().waitFor();
  await region(page, "What is known").getByText("There").waitFor();
  await page.goto(at(`contacts/${goes.id}`));
  await page.getByText("was merged into this one").waitFor();
  await button(page, "Undo the merge").click();
  await page.getByText("was merged into this one").waitFor({ state: "detached" });
  assert.deepEqual((await ask("GET", `/contacts/${goes.id}`)).data.handles.map(({ value }) => value), [theirs]);
  await button(page, "Delete").click();
  await button(page.getByRole("dialog"), "Delete").click();
  await page.getByRole("heading", { name: "Contacts", exact: true }).waitFor();
  await assert.rejects(ask("GET", `/contacts/${goes.id}`), /404/);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a field and a status are added and put in order, and a status that goes leaves its leads to another", async () => {
  const { context, page, wrong } = await opened();
  const before = await ask("GET", "/contacts/pipeline");
  const [first] = before.data.statuses;
  const { id } = await make({ name: `Setup ${RUN}` });
  await page.goto(at("contacts"));
  await page.getByRole("link", { name: "Fields and statuses" }).click();
  const fields = region(page, "Fields");
  await button(fields, "Add a field").click();
  await fields.getByLabel("Name").last().fill(`Size ${RUN}`);
  await fields.getByLabel("Kind", { exact: true }).last().selectOption("select");
  await fields.getByLabel("To choose from").last().fill("small, large");
  await button(fields, "Save").click();
  await fields.getByText("Saved.").waitFor();
  const made = (await ask("GET", "/contacts/fields")).data.fields.at(-1);
  assert.deepEqual([made.key, made.kind, made.options], [`size_${RUN}`, "select", ["small", "large"]]);
  await fields.getByLabel(`Take away Size ${RUN}`).click();
  await button(fields, "Save").click();
  await fields.getByText("Saved.").waitFor();

  const statuses = region(page, "Statuses of leads");
  await button(statuses, "Add a status").click();
  await statuses.getByLabel("Name").last().fill(`First ${RUN}`);
  for (const _ of before.data.statuses) await statuses.getByLabel(`Put First ${RUN} higher`).click();
  await button(statuses, "Save").click();
  await statuses.getByText("Saved.").waitFor();
  assert.equal((await ask("GET", "/contacts/pipeline")).data.statuses[0].id, `first_${RUN}`, "a new contact has it");
  await page.goto(at(`contacts/${id}`));
  await region(page, "Lead").locator(".badge").getByText(`First ${RUN}`, { exact: true }).waitFor();
  await page.goto(at("contacts/setup"));
  await statuses.getByLabel(`Take away First ${RUN}`).click();
  await statuses.getByLabel(`In place of First ${RUN}`).selectOption(first.id);
  await button(statuses, "Save").click();
  await statuses.getByText("Saved.").waitFor();
  const after = (await ask("GET", "/contacts/pipeline")).data;
  assert.deepEqual([after.statuses, after.retired[`first_${RUN}`]], [before.data.statuses, first.id]);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a call leads to the contact of its caller, and the contact to its calls", async () => {
  const { context, page, wrong } = await opened();
  const calls = (await ask("GET", "/calls?direction=inbound&status=completed")).data.calls;
  const call = calls.find(({ from }) => from);
  const { id } = (await ask("GET", `/contacts?number=${encodeURIComponent(call.from)}`)).data.contacts[0];
  await page.goto(at(`calls/${call.sid}`));
  await region(page, "Course").locator("dt", { hasText: "Contact" }).waitFor();
  await region(page, "Course").locator(`a[href$="contacts/${id}"]`).click();
  await region(page, "What happened").locator(`a[href$="calls/${call.sid}"]`).first().waitFor();
  await page.getByRole("link", { name: "Book a time" }).click();
  await page.getByRole("heading", { name: "Calendar", exact: true }).waitFor();
  // Who it is for goes along.
  await page.waitForURL((place) => new URLSearchParams(place.href.split("?").at(-1)).get("number") === call.from);
  await page.goBack();
  await page.getByRole("link", { name: `Calls with ${call.from}` }).click();
  await page.locator(`tbody a[href$="calls/${call.sid}"]`).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});
