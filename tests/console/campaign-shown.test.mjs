// What a campaign's page shows: every word of the API for why something does not happen, and progress while it changes.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";
import { closed, ended, made, once, until } from "./campaigns.mjs";

const CANARY = `<img src=x onerror="window.hurt=1">`;
const RUN = `s${Date.now().toString(36)}`;

let browser;
let business;
let from;
/** The words of a closed list of the API. */
let listed;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
  [{ number: from }] = (await ask("GET", "/numbers")).data.numbers;
  const { schemas } = (await ask("GET", "/openapi.json")).data.components;
  listed = (name) => {
    const all = schemas[name]["x-extensible-enum"];
    assert.ok(all.length > 2, name);
    return all;
  };
});
after(async () => {
  await ended(RUN);
  await browser?.close();
});

const at = (place) => `${url}/console#/b/${business}/${place}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** What the API says of a campaign, with more. */
async function withMore(page, id, more) {
  await page.route(`**/campaigns/${id}`, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: await more(await answer.json()) });
  });
}

test("every reason for a pause is shown in words, with what to do", async () => {
  const { id } = await made({ name: `Paused ${RUN}` }, undefined, "running");
  const call = `CA${"7".repeat(32)}`;
  const seen = new Set();
  for (const code of listed("CampaignPauseWord")) {
    const { context, page, wrong } = await open(browser);
    const pause = { code, detail: "in the API's words", calls: code === "failures" ? [{ call, ended_at: "2026-11-30T10:00:00Z", outcome: "failed", failed: true }] : [] };
    const paused = (one) => ({ ...one, state: "paused", pause });
    await withMore(page, id, paused);
    await page.route("**/campaigns", async (route) => {
      const answer = await route.fetch();
      const { campaigns } = await answer.json();
      await route.fulfill({ response: answer, json: { campaigns: campaigns.map((one) => (one.id === id ? paused(one) : one)) } });
    });
    await signIn(page, key);
    await page.goto(at("campaigns"));
    const row = page.getByRole("row").filter({ hasText: `Paused ${RUN}` });
    await row.getByText("paused", { exact: true }).waitFor();
    const said = await row.locator("small").last().innerText();
    await page.goto(at(`campaigns/${id}`));
    const alert = page.getByRole("alert");
    await alert.waitFor();
    const [why, what] = [await alert.locator("strong").innerText(), await alert.locator("p").innerText()];
    assert.equal(said, `${why} ${what}`);
    assert.ok(why.length > 15 && what.length > 15 && !why.includes("_"), said);
    assert.notEqual(what, pause.detail, `the console says itself what to do about ${code}`);
    seen.add(why);
    if (code === "failures") assert.ok((await alert.getByRole("link").getAttribute("href")).endsWith(call));
    await button(page, "Resume").waitFor();
    assert.deepEqual(wrong, []);
    await closed({ context, page });
  }
  assert.equal(seen.size, listed("CampaignPauseWord").length, "each in words of its own");
  // One that is new in the API comes with the API's words.
  const { context, page } = await open(browser);
  await withMore(page, id, (one) => ({ ...one, state: "paused", pause: { code: "solar_eclipse", detail: "wait for the sun", calls: [] } }));
  await signIn(page, key);
  await page.goto(at(`campaigns/${id}`));
  await page.getByRole("alert").getByText("solar eclipse").waitFor();
  await page.getByRole("alert").getByText("wait for the sun").waitFor();
  await closed({ context, page });
});

test("every state, reason and outcome of a person is shown in words", async () => {
  const { id } = await made({ name: `Reasons ${RUN}` }, undefined, "running");
  const blank = { to: "+12025560001", name: CANARY, time_zone: null, language: "he", consent: null, variables: { bicycle: `אופניים ${CANARY}` }, outcome: null, skipped: null, waiting_for: null, next_at: null, attempts: [] };
  const call = `CA${"3".repeat(32)}`;
  const attempts = [{ at: "2026-11-30T10:00:00Z", from, call, outcome: "no_answer", seconds: 0 }];
  const entries = [
    ...["pending", "dialling", "calling"].map((state) => ({ ...blank, state })),
    ...listed("CampaignSkipWord").map((skipped) => ({ ...blank, state: "skipped", skipped, ...(skipped === "erased" && { to: null, name: null, language: null, variables: null }) })),
    ...listed("CampaignWaitWord").map((waiting_for) => ({ ...blank, state: "waiting", waiting_for, next_at: "2026-12-01T10:00:00Z", attempts })),
    ...listed("CampaignOutcomeWord").map((outcome) => ({ ...blank, state: "done", outcome, attempts: [{ ...attempts[0], outcome, seconds: 61 }] })),
  ].map((entry, number) => ({ ...entry, number }));
  const { context, page, wrong } = await open(browser);
  const cursors = [];
  await page.route(`**/campaigns/${id}/entries?*`, (route) => {
    const cursor = new URL(route.request().url()).searchParams.get("cursor");
    cursors.push(cursor);
    return route.fulfill({ json: cursor ? { entries: [{ ...blank, number: 1_000, name: "The last one", state: "pending" }], next: null } : { entries, next: "more" } });
  });
  await signIn(page, key);
  await page.goto(at(`campaigns/${id}`));
  const list = page.getByRole("region", { name: "People of the campaign" });
  await list.locator("tbody tr").nth(entries.length - 1).waitFor();
  const said = await list.locator("td[data-name=State]").allInnerTexts();
  assert.equal(said.length, entries.length);
  for (const [n, { skipped, waiting_for: waits, outcome }] of entries.entries()) {
    const code = skipped ?? waits ?? outcome;
    assert.ok(said[n].length > 3 && !said[n].includes("_"), `${code}: ${said[n]}`);
    const bare = code?.replaceAll("_", " ");
    if (code !== bare) assert.ok(![bare, `not called: ${bare}`].includes(said[n]), `${code} has words of its own`);
  }
  assert.equal(new Set(said).size, said.length, "each is another");
  await list.getByText("erased", { exact: true }).waitFor();
  assert.ok((await list.getByRole("link").first().getAttribute("href")).endsWith(`calls/${call}`));
  await list.getByText("1:01").first().waitFor();
  await button(page, "Further").click();
  await list.getByText("The last one").waitFor();
  await button(page, "Back").click();
  await list.locator("tbody tr").nth(entries.length - 1).waitFor();
  assert.ok(cursors.includes("more"));
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual(wrong, []);
  await closed({ context, page });
});

test("progress is live: sums, hours, goal, budget and forecast, and the people whom they are of", async () => {
  const { id } = await made({ name: `Live ${RUN}`, goal: { lead_status: "booked" }, budget: { micros: 4_000_000, minutes: 100 } }, undefined, "running");
  const { context, page, wrong } = await open(browser);
  let now = { done: 2, forecast: { per_hour: null, ends_at: null, unknown: "nothing_seen", is_cut: false } };
  await withMore(page, id, (one) => ({
    ...one,
    forecast: now.forecast,
    progress: {
      ...one.progress, total: 10, entries: { done: now.done, skipped: 1, waiting: 7 - now.done, calling: 2 }, skipped: { do_not_call: 1 }, calls: 8, outcomes: { human: 2, no_answer: 6 }, answer_rate: 25,
      hours: { "09": { calls: 4, answered: 1, answer_rate: 25 }, 13: { calls: 4, answered: 2, answer_rate: 50 } }, talk_seconds: 125, minutes: 50, micros: 1_000_000,
      goal: { reached: 1, rate: 50, awaited: 1, micros: 900_000, micros_each: 900_000 },
    },
  }));
  let readings = 0;
  page.on("request", (request) => request.url().includes(`${id}/entries`) && (readings += 1));
  await signIn(page, key);
  await page.goto(at(`campaigns/${id}`));
  const figure = (name) => page.locator(".figure").filter({ hasText: name });
  for (const [name, value] of [["Dealt with", "3 of 10"], ["Calls", "2:05 talked"], ["Answered by a person", "25 %"], ["Spent at most", "$1.00"], ["Spent at most", "of $4.00"], ["Minutes", "of 100"], ["Goal reached", "1 (50 %)"], ["Goal reached", "not summed up yet: 1"], ["Cost of each goal", "$0.9000"]]) await figure(name).getByText(value).first().waitFor();
  const chart = await page.getByRole("img", { name: /^Answered by hour of day/ }).getAttribute("aria-label");
  assert.match(chart, /9 o'clock, 25 %: 1 answered, 3 not; 13 o'clock, 50 %: 2 answered, 2 not/);
  await page.getByRole("region", { name: "What calls came to" }).getByText("not answered").waitFor();
  const words = new Set();
  for (const unknown of listed("CampaignForecastWord")) {
    now = { ...now, forecast: { ...now.forecast, unknown } };
    const note = figure("Expected end").locator("small");
    await until(() => note.innerText(), (text) => !words.has(text) && text.length > 10);
    words.add(await note.innerText());
  }
  const before = readings;
  now = { done: 5, forecast: { per_hour: 12, ends_at: "2026-12-24T10:00:00Z", unknown: null, is_cut: true } };
  await figure("Dealt with").getByText("6 of 10").waitFor();
  await figure("Expected end").getByText("12 people an hour; its time ends before that").waitFor();
  assert.ok(readings > before, "the people are read again when their sums change");
  // A page that nobody sees asks for nothing.
  let asked = 0;
  page.on("request", (request) => request.url().includes(`/campaigns/${id}`) && (asked += 1));
  await page.evaluate(() => Object.defineProperty(document, "visibilityState", { get: () => "hidden", configurable: true }));
  await page.waitForTimeout(1_000);
  asked = 0;
  await page.waitForTimeout(7_000);
  assert.equal(asked, 0);
  await page.evaluate(() => delete document.visibilityState);
  await until(async () => asked, (n) => n > 0);
  assert.deepEqual(wrong, []);
  await closed({ context, page });
});

test("an export of several pages is one file, and none if a page does not come", async () => {
  const { id } = await made({ name: `Pages ${RUN}` }, undefined, "running");
  const { context, page, wrong } = await open(browser, { acceptDownloads: true });
  let fails = true;
  await page.route(`**/campaigns/${id}/entries.csv*`, (route) => {
    const address = new URL(route.request().url());
    const next = { null: "two", two: "three" }[address.searchParams.get("cursor")];
    if (fails && next === undefined) return route.fulfill({ status: 503, contentType: "application/problem+json", json: { title: "unavailable", detail: "try again shortly", status: 503 } });
    const headers = { "content-type": "text/csv; charset=utf-8", ...(next && { link: `<${address.pathname}?cursor=${next}>; rel="next"` }) };
    return route.fulfill({ headers, body: `page before ${next ?? "the end"}\r\n` });
  });
  await signIn(page, key);
  await page.goto(at(`campaigns/${id}`));
  const saved = [];
  page.on("download", (download) => saved.push(download));
  await button(page, "Export as CSV").click();
  await page.getByRole("alert").getByText("try again shortly").waitFor();
  assert.equal(saved.length, 0, "a part is no export");
  fails = false;
  await button(page, "Export as CSV").click();
  const [download] = await until(async () => saved, (all) => all.length > 0);
  assert.equal(await readFile(await download.path(), "utf8"), "page before two\r\npage before three\r\npage before the end\r\n");
  assert.deepEqual(wrong, []);
  await closed({ context, page });
});

test("who may only read sees campaigns and can do nothing with them", async () => {
  const { id } = await made({ name: `Seen ${RUN}` }, undefined, "running");
  const { data } = await ask("POST", "/keys", { body: { name: `Reader ${RUN}`, role: "agent" }, headers: once() });
  const { context, page, wrong } = await open(browser);
  await signIn(page, data.key);
  await page.goto(at("campaigns"));
  await page.getByRole("link", { name: `Seen ${RUN}` }).click();
  await page.getByText("Dealt with", { exact: true }).waitFor();
  await page.goto(at("campaigns/new"));
  await page.getByText("has no scope").waitFor();
  await page.goto(at(`campaigns/${id}`));
  await page.getByText("Dealt with", { exact: true }).waitFor();
  for (const name of ["Pause", "Change", "Stop", "Stop with a goodbye"]) assert.equal(await button(page, name).count(), 0, name);
  assert.equal(await page.getByRole("link", { name: "Make another like it" }).count(), 0);
  await ask("POST", `/campaigns/${id}/stop`);
  assert.deepEqual(wrong, []);
  await context.close();
});
