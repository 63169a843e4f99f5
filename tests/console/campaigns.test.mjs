// Campaigns: written, checked, looked at, started, watched, paused, changed, exported and ended.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";
import { closed, ended, made, number, one, sheet, until } from "./campaigns.mjs";

const CANARY = `<img src=x onerror="window.hurt=1">`;
const RUN = `c${Date.now().toString(36)}`;

let browser;
let business;
let from;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
  [{ number: from }] = (await ask("GET", "/numbers")).data.numbers;
});
after(async () => {
  await ended(RUN);
  await browser?.close();
});

const at = (place) => `${url}/console#/b/${business}/${place}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });
const asFile = (text, name = "people.csv") => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
const idOf = (page) => page.url().split("/").at(-1).split("?")[0];

/** A page at a place of the console. */
async function shown(place, options) {
  const opened = await open(browser, options);
  await signIn(opened.page, key);
  await opened.page.goto(at(place));
  return opened;
}

test("a campaign is written, checked row by row, looked at, started, paused, changed, exported and ended", async () => {
  const { context, page, wrong } = await shown("campaigns", { acceptDownloads: true });
  await page.getByRole("link", { name: "New campaign" }).click();
  const name = `Service ${RUN} ${CANARY}`;
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel(from).check();
  await page.getByLabel("Why the call is made").fill("the service of your {{bicycle}}");
  await page.getByLabel("What the agent should know").fill(`שלום ${CANARY}`);
  await page.getByLabel("Country of numbers").fill("us");
  await page.getByLabel("People are called at certain times only").check();
  await page.getByLabel("Saturday").fill("10:00-12:00");
  await page.getByLabel("No call before").fill("2999-02-01T09:00");
  await page.getByLabel("No call from then on").fill("2999-01-01T09:00");
  await page.getByLabel("Dollars").fill("12.5");
  await page.getByLabel("Goal").selectOption("lead_status");
  await page.getByLabel("Which status").selectOption("booked");

  // Left in the middle, the words stay.
  await page.reload();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), name);
  assert.equal(await page.getByLabel("Saturday").inputValue(), "10:00-12:00");
  const [good, other] = [number(), number()];
  const people = [["Phone", "Name", "Bicycle", "time_zone"], [good, `דנה ${CANARY}`, "Red", "America/New_York"], [other.slice(2), "Eve", "blue", ""], [good, "Twice", "red", ""], ["2.02556E+11", "Broken", "red", ""]];
  await page.locator("#file").setInputFiles(asFile(sheet(people)));
  const make = button(page, "Make the draft and check the file");
  await make.click();
  // What is wrong stands at its field, which has the focus.
  const end = page.getByLabel("No call from then on");
  await page.locator(".field").filter({ has: end }).getByText("it ends before it starts").waitFor();
  assert.equal(await end.evaluate((field) => field === document.activeElement && field.getAttribute("aria-invalid")), "true");
  await end.fill("");
  await make.click();

  await page.getByText("ready to start").waitFor();
  const id = idOf(page);
  const ready = await one(id);
  assert.deepEqual([ready.name, ready.reason, ready.country, ready.budget, ready.goal, ready.hours.saturday], [name, "the service of your {{bicycle}}", "US", { micros: 12_500_000, minutes: null }, { lead_status: "booked", field: null, value: null }, ["10:00-12:00"]]);
  assert.equal(Date.parse(ready.starts_at), Date.parse("2999-02-01T09:00"));
  for (const [figure, value] of [["Rows", "4"], ["Will be called", "2"], ["Left out", "2"]]) await page.locator(".figure").filter({ hasText: figure }).getByText(value, { exact: true }).waitFor();
  const row = (line) => page.getByRole("row").filter({ has: page.getByRole("cell", { name: line, exact: true }) });
  await row("4").getByText("an earlier row has the same number").waitFor();
  await row("5").filter({ hasText: "Phone" }).getByText("left out").waitFor();

  // Left again, it is found among the others, and gone on with.
  await page.getByRole("link", { name: "All campaigns" }).click();
  await page.getByRole("row").filter({ hasText: name }).getByText("2 people to call").waitFor();
  await page.getByRole("link", { name }).click();
  await page.getByRole("link", { name: "Who would be called", exact: true }).click();
  const dana = page.getByRole("row").filter({ hasText: good });
  await dana.waitFor();
  const cells = await dana.getByRole("cell").allInnerTexts();
  assert.ok(cells[0].includes(`דנה ${CANARY}`) && cells[1].includes("2999") && cells[2].includes("2999"), cells.join("|"));
  await page.getByRole("row").filter({ hasText: other }).getByText("not the same everywhere").waitFor();
  await page.getByText("at most, if each of them spoke").waitFor();
  assert.equal((await one(id)).state, "ready", "nobody was called");
  await button(page, "Start").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("2 people are to be called").waitFor();
  await button(dialog, "Start").click();

  await page.getByText("running", { exact: true }).waitFor();
  await page.locator(".figure").filter({ hasText: "Dealt with" }).getByText("0 of 2").waitFor();
  await page.getByText("of $12.50").waitFor();
  await page.getByText("nobody was dealt with since").waitFor();
  await page.getByRole("row").filter({ hasText: good }).getByText("not looked at yet").waitFor();
  await page.getByText("Who is called next").click();
  await page.getByRole("region", { name: "Who would be called" }).getByText(good).waitFor();
  await button(page, "Pause").click();
  await page.getByText("A person paused it.").waitFor();
  await button(page, "Resume").click();
  await page.getByText("A person paused it.").waitFor({ state: "detached" });
  assert.equal((await one(id)).state, "running");

  // Another person changes it meanwhile: nothing is lost.
  await button(page, "Change").click();
  await dialog.getByLabel("Dollars").fill("20");
  const { etag } = await ask("GET", `/campaigns/${id}`);
  await ask("PATCH", `/campaigns/${id}`, { headers: { "if-match": etag }, body: { at_once: 3 } });
  // It is read behind the dialog, which is about what was seen before.
  await page.waitForResponse((answer) => answer.url().endsWith(`/campaigns/${id}`) && answer.request().method() === "GET");
  await button(dialog, "Change it").click();
  await dialog.getByText("do it as it is now").waitFor();
  await page.keyboard.press("Escape");
  // What the other one did has been read by now.
  await page.getByText("How it is conducted").click();
  await page.getByText("3 at most").waitFor();
  await button(page, "Change").click();
  await dialog.getByLabel("Dollars").fill("20");
  await button(dialog, "Change it").click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("of $20.00").waitFor();
  assert.deepEqual([(await one(id)).at_once, (await one(id)).budget.micros], [3, 20_000_000]);

  const [download] = await Promise.all([page.waitForEvent("download"), button(page, "Export as CSV").click()]);
  assert.equal(download.suggestedFilename(), `campaign-${id}.csv`);
  const exported = await readFile(await download.path(), "utf8");
  assert.ok(exported.includes(`'${good}`) && exported.includes(`'${other}`) && exported.includes(CANARY.replaceAll('"', '""')), exported);

  await button(page, "Stop").click();
  await dialog.getByText("This cannot be undone.").waitFor();
  await button(dialog, "Stop").click();
  await page.locator("header").getByText("stopped", { exact: true }).waitFor();
  await page.getByRole("row").filter({ hasText: good }).getByText("not called: the campaign was stopped").waitFor();
  for (const gone of ["Pause", "Resume", "Stop", "Stop with a goodbye", "Change"]) assert.equal(await button(page, gone).count(), 0, gone);
  assert.equal(await page.evaluate(() => window.hurt), undefined, "what people wrote is text");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("people are called, and their calls are shown while they happen and lead to the call", async (t) => {
  // Wherever it is noon now, people may be called, but for holidays and early on a Sunday.
  const hours = 12 - new Date().getUTCHours();
  const zone = hours === 0 ? "Etc/GMT" : `Etc/GMT${hours > 0 ? "-" : "+"}${Math.abs(hours)}`;
  const [to, listed] = [number(), number()];
  const { id } = await made({ starts_at: undefined, name: `Called ${RUN}` }, [["phone", "name", "time_zone"], [listed, "Eve", zone], [to, `Dana ${CANARY}`, zone]]);
  const { people } = (await ask("GET", `/campaigns/${id}/preview`)).data;
  if (Date.parse(people[0].at) > Date.now() + 60_000) return t.skip("it is a day on which no call begins");
  await ask("PUT", `/do-not-call/${encodeURIComponent(listed)}`, { body: {} });
  const { context, page, wrong } = await shown(`campaigns/${id}?step=preview`);
  await page.getByRole("row").filter({ hasText: listed }).getByText("they asked not to be called").waitFor();
  await button(page, "Start").click();
  await button(page.getByRole("dialog"), "Start").click();
  const row = page.getByRole("row").filter({ hasText: to });
  await row.getByText("in a call").or(row.getByText("a person spoke").first()).first().waitFor();
  await page.getByRole("row").filter({ hasText: listed }).getByText("not called: they asked not to be called").waitFor();
  await button(page, "Stop with a goodbye").click();
  const asked = page.waitForRequest((request) => request.url().endsWith("/stop"));
  await button(page.getByRole("dialog"), "Stop with a goodbye").click();
  assert.deepEqual((await asked).postDataJSON(), { hangup: true });
  await page.locator("header").getByText("stopped", { exact: true }).waitFor({ timeout: 60_000 });
  await page.getByRole("img", { name: /^Answered by hour of day/ }).waitFor();
  await row.getByRole("link").first().click();
  await page.getByRole("heading", { name: "Call", exact: true }).waitFor();
  await page.getByText(to).first().waitFor();
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a draft whose file did not arrive waits for it, whoever goes on with it", async () => {
  const { id, text } = await made({ name: `Draft ${RUN}` }, undefined, "draft");
  const { context, page, wrong } = await shown("campaigns");
  await page.getByRole("link", { name: `Draft ${RUN}` }).click();
  await page.locator("#file").setInputFiles(asFile(text));
  await button(page, "Check the file").click();
  await page.getByText("ready to start").waitFor();
  assert.equal((await one(id)).report.valid, 1);
  await button(page, "Discard the draft").click();
  await button(page.getByRole("dialog"), "Discard the draft").click();
  await page.getByRole("heading", { name: "Campaigns", exact: true }).waitFor();
  assert.equal((await one(id)).state, "stopped");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("an answer that was lost makes no second campaign", async () => {
  const name = `Lost ${RUN}`;
  const { context, page } = await shown("campaigns/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel(from).check();
  const file = asFile(sheet([["phone"], [number()]]));
  await page.locator("#file").setInputFiles(file);
  // The campaign is made, its answer does not arrive, and the page is loaded again.
  await page.route("**/v1/**/campaigns", async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    await route.fetch();
    await route.abort();
  });
  await button(page, "Make the draft and check the file").click();
  await page.getByRole("alert").getByText("cannot be reached").waitFor();
  await page.unroute("**/v1/**/campaigns");
  await page.reload();
  await page.locator("#file").setInputFiles(file);
  await button(page, "Make the draft and check the file").click();
  await page.getByText("ready to start").waitFor();
  const all = (await ask("GET", "/campaigns")).data.campaigns.filter((one) => one.name === name);
  assert.equal(all.length, 1);
  await closed({ context, page });
});

test("words without their column are not started; a draft with others takes its place", async () => {
  const { id } = await made({ name: `Words ${RUN}`, reason: "about your {{car}}", context: "kept" });
  const { context, page, wrong } = await shown(`campaigns/${id}`);
  await page.getByRole("alert").getByText("It has no column car").waitFor();
  await page.getByRole("link", { name: "Who would be called", exact: true }).click();
  await page.getByText("It cannot be started").waitFor();
  assert.ok(await button(page, "Start").isDisabled());
  await page.getByRole("link", { name: "Other words, or another file" }).click();
  await page.getByLabel("Why the call is made").fill("about your {{bicycle}}");
  assert.equal(await page.getByLabel("What the agent should know").inputValue(), "kept");
  assert.ok(await page.getByLabel("That draft is discarded for it").isChecked());
  await page.locator("#file").setInputFiles(asFile(sheet([["phone", "bicycle"], [number(), "red"]])));
  await button(page, "Make the draft and check the file").click();
  await page.getByText("ready to start").waitFor();
  assert.notEqual(idOf(page), id);
  assert.deepEqual([(await one(id)).state, (await one(idOf(page))).report.missing], ["stopped", []]);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a file that is no list of people is refused in words", async () => {
  const { context, page, wrong } = await shown("campaigns/new");
  await page.getByLabel("Name", { exact: true }).fill(`Refused ${RUN}`);
  await page.getByLabel(from).check();
  await page.locator("#file").setInputFiles(asFile("colour,taste\r\nred,sweet\r\n"));
  await button(page, "Make the draft and check the file").click();
  await page.getByRole("alert").getByText("no column is the number to call").waitFor();
  await page.getByRole("link", { name: "Other words, or another file" }).waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a campaign that changed since it was looked at is not started", async () => {
  const { id } = await made({ name: `Stale ${RUN}` });
  const { context, page } = await shown(`campaigns/${id}?step=preview`);
  await button(page, "Start").click();
  const { etag } = await ask("GET", `/campaigns/${id}`);
  await ask("PATCH", `/campaigns/${id}`, { headers: { "if-match": etag }, body: { at_once: 1 } });
  await page.waitForResponse((answer) => answer.url().endsWith(`/campaigns/${id}`) && answer.request().method() === "GET");
  const dialog = page.getByRole("dialog");
  await button(dialog, "Start").click();
  await dialog.getByText("It was changed meanwhile").waitFor();
  assert.equal((await one(id)).state, "ready");
  await page.keyboard.press("Escape");
  await button(page, "Start").click();
  await button(dialog, "Start").click();
  await page.getByText("Dealt with", { exact: true }).waitFor();
  await context.close();
});

test("a campaign is written and started by keyboard alone, on a narrow page that runs from right to left", async () => {
  const { context, page, wrong } = await open(browser, { viewport: { width: 375, height: 800 } });
  await page.addInitScript(() => localStorage.setItem("switchboard-direction", "rtl"));
  await signIn(page, key);
  await page.goto(at("campaigns"));
  const fits = async (what) => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)) <= 0, `${what} is too wide`);
  await page.getByRole("link", { name: "New campaign" }).focus();
  await page.keyboard.press("Enter");
  await page.getByLabel("Name", { exact: true }).focus();
  await page.keyboard.type(`מקלדת ${RUN}`);
  await fits("the form");
  /** Goes on with the tab key until this has the focus. */
  const reach = async (is) => {
    for (let n = 0; n < 80; n += 1) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(is)) return;
    }
    assert.fail(`the keyboard does not reach ${is}`);
  };
  await reach(() => document.activeElement.type === "checkbox");
  if (!(await page.evaluate(() => document.activeElement.checked))) await page.keyboard.press("Space");
  await reach(() => document.activeElement.type === "file");
  await page.locator("#file").setInputFiles(asFile(sheet([["phone", "name"], [number(), "דנה"]])));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByText("ready to start").waitFor();
  const id = idOf(page);
  await fits("the report");
  await reach(() => document.activeElement.textContent === "Who would be called" && document.activeElement.className.startsWith("button"));
  await page.keyboard.press("Enter");
  await page.getByText("What it may come to").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1", "the next step is read from its heading on");
  await fits("the preview");
  await reach(() => document.activeElement.textContent === "Start");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await reach(() => document.activeElement.textContent === "Start" && document.activeElement.closest("dialog") !== null);
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await until(() => one(id), (found) => found.state !== "ready");
  await page.getByText("Dealt with", { exact: true }).waitFor();
  await fits("the progress");
  await ask("POST", `/campaigns/${id}/stop`, { body: { hangup: true } });
  assert.deepEqual(wrong, []);
  await context.close();
});
