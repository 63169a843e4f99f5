// Calls that go on: above all others in the list, on cards that one request a second keeps up, and what happened to a line or a
// model between two lines of a conversation; and what is still to be done, as the doctor finds it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, key, launch, open, operatorKey, signIn, url } from "./browser.mjs";
import { placed } from "./calls.mjs";

let browser;
let business;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
});
after(() => browser?.close());

const at = (place) => `${url}/console#/b/${business}/${place}`;

test("a call that goes on stands above all others, whatever their order, where no filter leaves it out", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.goto(at("calls?order=asc"));
  await page.locator("tbody tr").first().waitFor();
  const call = await placed();
  const row = page.locator("tbody tr").filter({ has: page.locator(`a[href$="${call.sid}"]`) });
  await page.waitForFunction((sid) => document.querySelector("tbody tr.live")?.innerHTML.includes(sid), call.sid);
  await row.getByText("live", { exact: true }).waitFor();
  const length = () => row.locator("[data-name=Length]").textContent();
  const before = await length();
  await page.waitForFunction(([sid, before]) => [...document.querySelectorAll("tr.live")].some((row) => row.innerHTML.includes(sid) && row.querySelector("[data-name=Length]").textContent !== before), [call.sid, before]);
  for (const [filter, shown] of [["status=completed", 0], ["direction=inbound", 0], ["direction=outbound", 1], ["status=live&order=asc", 1]]) {
    await page.goto(at(`calls?${filter}`));
    await page.getByText("Calls shown").waitFor();
    await page.waitForTimeout(300);
    assert.equal(await page.locator("tr.live").filter({ has: page.locator(`a[href$="${call.sid}"]`) }).count(), shown, filter);
  }
  await page.goto(at("calls"));
  await row.getByText("live", { exact: true }).waitFor();
  await call.end();
  await row.getByText("completed").waitFor();
  await row.getByText("live", { exact: true }).waitFor({ state: "detached" });
  assert.deepEqual(wrong, []);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
});

test("twelve calls are followed by one request a second, and a line is there within 1.5 seconds", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  const { data: real } = await ask("GET", "/calls?limit=1&include=last_turn");
  const turn = real.calls[0].last_turn;
  assert.ok(turn.text, "the demonstration's call has a last line");
  let asked = [];
  let words = "The first line.";
  let said = 0;
  let tag = 0;
  await page.route("**/v1/**/calls**", async (route) => {
    const request = route.request();
    asked.push(request.url());
    const held = request.headers()["if-none-match"];
    if (held === `"${tag}"`) return route.fulfill({ status: 304, headers: { etag: held } });
    const calls = Array.from({ length: 12 }, (_, n) => ({
      ...real.calls[0],
      sid: `CA${String(n).padStart(32, "0")}`,
      from: `+120255501${10 + n}`,
      status: "in-progress",
      ended_at: null,
      answered_at: new Date().toISOString(),
      last_turn: { ...turn, text: n === 7 ? words : `Line ${n}.` },
    }));
    await route.fulfill({ headers: { etag: `"${tag}"` }, json: { calls, next: null } });
  });
  await page.goto(at("live"));
  await page.getByText("12 calls are going on.").waitFor();
  await page.getByText("The first line.").waitFor();
  assert.equal(await page.getByRole("article").count(), 12);
  asked = [];
  const begun = Date.now();
  for (let n = 0; n < 5; n += 1) {
    await page.waitForTimeout(600);
    [words, said, tag] = [`And line ${n} of it.`, Date.now(), tag + 1];
    await page.getByText(words).waitFor();
    assert.ok(Date.now() - said < 1_500, `${Date.now() - said} ms`);
  }
  const seconds = (Date.now() - begun) / 1_000;
  assert.ok(asked.length <= seconds + 1, `${asked.length} requests in ${seconds} s`);
  assert.ok(asked.every((one) => one.includes("include=last_turn")), asked.join(" "));
  assert.deepEqual(wrong, []);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
});

test("what happened to the line and to the model stands between the lines", async () => {
  const calls = (await ask("GET", "/calls?status=completed&limit=100")).data.calls.filter((call) => call.answered_at);
  let call;
  for (const { sid } of calls) {
    call = (await ask("GET", `/calls/${sid}?include=turns,sessions`)).data;
    if (call.turns.length >= 4) break;
  }
  assert.ok(call.turns.every((turn) => turn.epoch >= 1 && turn.model_since), JSON.stringify(call.turns[0]));
  for (const dir of ["ltr", "rtl"]) {
    const { context, page, wrong } = await open(browser, { viewport: { width: dir === "rtl" ? 375 : 1_280, height: 900 } });
    await page.addInitScript((dir) => localStorage.setItem("switchboard-direction", dir), dir);
    await signIn(page, key);
    // The API's own answer, as if the model had been replaced before the second line, and the call taken up again twice.
    await page.route(`**/calls/${call.sid}?**`, async (route) => {
      const answer = await route.fetch({ headers: { ...route.request().headers(), "if-none-match": "" } });
      const json = await answer.json();
      json.turns.slice(1).forEach((turn) => (turn.model_since = json.turns[1].at));
      json.turns.slice(2).forEach((turn) => (turn.epoch = 2));
      json.turns.slice(3).forEach((turn) => (turn.epoch = 3));
      const [end] = json.sessions;
      json.sessions = [{ ...end, end_reason: "caller_lost" }, { ...end, epoch: 2, end_reason: "drained" }, { ...end, epoch: 3 }];
      await route.fulfill({ response: answer, json });
    });
    await page.goto(at(`calls/${call.sid}`));
    await page.locator(".between").nth(2).waitFor();
    const told = await page.locator(".talk > li").evaluateAll((all) => all.slice(0, 7).map((one) => (one.className === "between" ? one.textContent.replace(/[\d:]+/, "T") : "line")));
    assert.deepEqual(told, ["line", "The model’s connection was replaced at T.", "line", "The line was lost and taken up again at T.", "line", "Another server took the call over at T.", "line"]);
    assert.deepEqual(wrong, []);
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await context.close();
  }
});

test("what is to be done is what the doctor finds, asked once a minute, and gone when all is well", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, operatorKey);
  const asked = { check: 0, deep: 0 };
  let well = false;
  const count = (name, change) => async (route) => {
    asked[name] += 1;
    const answer = await route.fetch();
    const json = await answer.json();
    if (!well) change(json);
    await route.fulfill({ response: answer, json: well && name === "deep" ? { ok: true, checks: [] } : json });
  };
  await page.route("**/numbers/*/check", count("check", (json) => (json.ok = false)));
  await page.route("**/health/deep", count("deep", (json) => json.checks.push({ name: "queues", state: "fault", detail: "a message waits since an hour: look at its dead-letter queue", ms: 1 })));
  await page.goto(at("overview"));
  const todo = page.getByRole("region", { name: "To do" });
  await todo.getByRole("link", { name: /^Set .* up at Twilio$/ }).first().waitFor();
  await todo.getByText("look at its dead-letter queue").waitFor();
  const numbers = (await ask("GET", "/numbers")).data.numbers.length;
  assert.deepEqual(asked, { check: Math.min(5, numbers), deep: 1 });
  await page.goto(at("calls"));
  await page.getByText("Calls shown").waitFor();
  await page.goto(at("overview"));
  await todo.waitFor();
  assert.equal(asked.deep, 1, "a check is good for a minute");
  well = true;
  await todo.getByRole("button", { name: "Check again" }).click();
  await todo.waitFor({ state: "detached" });
  assert.equal(asked.deep, 2);
  assert.deepEqual(wrong, []);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
});
