// A calendar's week: made, booked into, moved, called off, and read from outside; in a zone of its own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const CANARY = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>`;
const RUN = `r${Date.now().toString(36)}`;
const ALWAYS = Object.fromEntries(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((day) => [day, ["00:00-24:00"]]));
/** It is always another day there than in the browser's zone for half of the day, so that times of the wrong zone are seen. */
const ZONE = "Pacific/Kiritimati";

let browser;
let business;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
});
after(() => browser?.close());

const once = () => ({ "idempotency-key": crypto.randomUUID() });
const at = (place) => `${url}/console#/b/${business}/${place}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** A calendar with one service, and its free times. */
async function offered(name, more = {}) {
  const id = `${RUN}-${name}`;
  await ask("PUT", `/appointments/calendars/${id}`, { body: { name: `${name} ${CANARY}`, time_zone: ZONE, week: ALWAYS, ...more } });
  await ask("PUT", `/appointments/services/${id}`, { body: { name: `Fitting ${CANARY}`, minutes: 30, step_minutes: 30, calendars: [id] } });
  const slots = (await ask("GET", `/appointments/slots?service=${id}&limit=100`)).data.slots;
  return { id, slots };
}

const book = async ({ id }, start, name = `Dana ${CANARY}`) => (await ask("POST", "/appointments", { headers: once(), body: { service: id, calendar: id, start, person: { name, number: "+12025550187" } } })).data;
const clock = (iso) => new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit" }).format(new Date(iso));
const day = (iso) => new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, dateStyle: "short" }).format(new Date(iso));

async function opened() {
  const one = await open(browser, { timezoneId: "America/New_York" });
  await signIn(one.page, key);
  return one;
}

test("a calendar and a service are made, edited, and the feed's link is shown once and ended", async () => {
  const { context, page, wrong } = await opened();
  await page.goto(at("calendar/offers"));
  const dialog = page.getByRole("dialog");
  await button(page, "New calendar").click();
  await dialog.getByLabel("Name").first().fill(`Anna ${RUN}`);
  assert.equal(await dialog.getByLabel("Id", { exact: true }).inputValue(), `anna-${RUN}`);
  await dialog.getByLabel("Time zone").fill("Asia/Nowhere");
  await button(dialog, "Save").click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("Time zone").fill("Asia/Jerusalem");
  await dialog.getByLabel("Sunday").fill("09:00-13:00");
  await dialog.getByRole("group", { name: "Other days" }).getByRole("button", { name: "Add" }).click();
  await dialog.getByLabel("First day").fill("2027-04-22");
  await dialog.getByLabel("Name").last().fill("פסח");
  await button(dialog, "Save").click();
  await dialog.waitFor({ state: "detached" });
  const calendar = (await ask("GET", `/appointments/calendars/anna-${RUN}`)).data;
  assert.deepEqual([calendar.time_zone, calendar.week.sunday, calendar.exceptions.map(({ first, name }) => [first, name])], ["Asia/Jerusalem", ["09:00-13:00"], [["2027-04-22", "פסח"]]]);

  await button(page, "New service").click();
  await dialog.getByLabel("Name").first().fill(`Cut ${RUN}`);
  await dialog.getByLabel("Minutes", { exact: true }).fill("45");
  await dialog.getByLabel("Begins every").selectOption({ label: "30 minutes" });
  await dialog.getByLabel("Reminders").fill("1440, 180");
  await dialog.getByRole("group", { name: "Where it is done" }).getByLabel(`Anna ${RUN}`).check();
  await button(dialog, "Save").click();
  await dialog.waitFor({ state: "detached" });
  const row = page.getByRole("row").filter({ hasText: `cut-${RUN}` });
  await button(row, "Edit").click();
  await dialog.getByLabel("Price").fill("40 euros");
  await dialog.getByLabel("By SMS").check();
  await dialog.getByLabel("Words of the SMS").fill("See you at {{time}}.");
  await button(dialog, "Save").click();
  await row.getByText("40 euros").waitFor();
  const service = (await ask("GET", `/appointments/services/cut-${RUN}`)).data;
  assert.deepEqual([service.minutes, service.step_minutes, service.reminders.sort(), service.price, service.calendars], [45, 30, [1440, 180], "40 euros", [`anna-${RUN}`]]);

  assert.deepEqual(service.remind.by.map(({ way, text }) => [way, text]), [["sms", "See you at {{time}}."]]);

  await button(page.getByRole("row").filter({ hasText: `anna-${RUN}` }), "Other calendars").click();
  await dialog.getByLabel("Name").fill("private");
  await dialog.getByLabel("Address").fill("https://10.0.0.1/secret-word.ics");
  await button(dialog, "Add it").click();
  await dialog.getByRole("alert").getByText("public network").waitFor();
  await dialog.getByLabel("Address").fill("https://calendar.invalid/secret-word.ics");
  await button(dialog, "Add it").click();
  await dialog.getByText("calendar.invalid").waitFor();
  await dialog.getByText("never").waitFor();
  assert.equal(await dialog.getByText("secret-word").count(), 0, "the address is not shown again");
  await button(dialog.first(), "Take it away").click();
  await button(dialog.nth(1), "Take it away").click();
  await dialog.getByText("calendar.invalid").waitFor({ state: "detached" });
  await button(dialog, "Close").click();

  await button(page.getByRole("row").filter({ hasText: `anna-${RUN}` }), "Feed").click();
  await button(dialog.first(), "Make a link").click();
  const link = await dialog.locator(".copy code").textContent();
  assert.match(await (await fetch(link)).text(), /^BEGIN:VCALENDAR/);
  await button(dialog.first(), "End the feed").click();
  await button(dialog.nth(1), "End the feed").click();
  await page.locator(".copy").waitFor({ state: "detached" });
  assert.equal((await fetch(link)).status, 404);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a time is booked out of those that the API offers, shown by the calendar's own clocks, moved and called off", async () => {
  const { context, page, wrong } = await opened();
  const anna = await offered("book");
  await page.goto(at(`calendar?calendar=${anna.id}`));
  await button(page, "Book").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio").first().check();
  await dialog.getByLabel("For whom").fill(`Dana ${CANARY}`);
  await dialog.getByLabel("Number").fill("+12025550187");
  await dialog.getByLabel("Notes").fill("Brings the key");
  await button(dialog, "Book it").click();
  await dialog.waitFor({ state: "detached" });
  const own = async () => (await ask("GET", `/appointments?from=${anna.slots[0].start}&limit=100`)).data.appointments.filter((one) => one.calendar === anna.id);
  const [made] = await own();
  assert.deepEqual([made.status, made.person.name, made.notes], ["booked", `Dana ${CANARY}`, "Brings the key"]);
  // The day may be of the next week, as it is counted there.
  await page.goto(at(`calendar?appointment=${made.id}`));
  await page.getByRole("dialog").getByText("Brings the key").waitFor();
  await button(page, "Close").click();
  const shown = page.locator(".week li").getByRole("button", { name: `Dana ${CANARY}` });
  await shown.waitFor();
  assert.ok((await shown.textContent()).startsWith(clock(made.start)), await shown.textContent());

  await shown.click();
  await button(dialog.first(), "Move").click();
  await dialog.nth(1).getByRole("radio").nth(3).check();
  await button(dialog.nth(1), "Move it").click();
  await dialog.nth(1).waitFor({ state: "detached" });
  const [moved] = await own();
  assert.deepEqual([moved.id, moved.start > made.start], [made.id, true]);
  await button(dialog, "Call off").click();
  await button(dialog.nth(1), "Call off").click();
  await dialog.getByText("cancelled").waitFor();
  await button(dialog, "Close").click();
  await shown.waitFor({ state: "detached" });
  await page.getByText("Called off: 1").waitFor();
  assert.equal((await own())[0].status, "cancelled");
  assert.equal(await page.evaluate(() => window.hurt), undefined, "what people wrote is text");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a time that is taken meanwhile is refused with others that are near, and a held one is confirmed", async () => {
  const { context, page, wrong } = await opened();
  const anna = await offered("hold");
  await page.goto(at(`calendar?calendar=${anna.id}`));
  await button(page, "Book").click();
  const dialog = page.getByRole("dialog");
  const first = dialog.getByRole("radio").first();
  await first.check();
  await dialog.getByLabel("For whom").fill("Eve");
  const free = (await ask("GET", `/appointments/slots?service=${anna.id}&limit=1`)).data.slots[0];
  await book(anna, free.start, "Quicker");
  await button(dialog, "Book it").click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByText("Free near it:").waitFor();
  await dialog.getByLabel("Only hold it").check();
  await first.check();
  await button(dialog, "Hold the time").click();
  await dialog.waitFor({ state: "detached" });
  const all = (await ask("GET", `/appointments?from=${free.start}&limit=100`)).data.appointments;
  const held = all.find((one) => one.calendar === anna.id && one.person.name === "Eve");
  assert.equal(held.status, "held");
  await page.goto(at(`calendar?appointment=${held.id}`));
  await button(dialog, "Confirm").click();
  await dialog.getByText("booked", { exact: true }).waitFor();
  assert.equal((await ask("GET", `/appointments/${held.id}`)).data.status, "booked");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("what has begun came to its end or to nothing", async () => {
  const { context, page, wrong } = await opened();
  const anna = await offered("came");
  const made = await book(anna, anna.slots[0].start);
  let state = "booked";
  await page.route(`**/appointments/${made.id}`, async (route) => {
    if (route.request().method() === "PATCH") ({ status: state } = route.request().postDataJSON());
    const begun = { start: new Date(Date.now() - 600_000).toISOString() };
    await route.fulfill({ status: 200, contentType: "application/json", headers: { etag: '"v1"' }, body: JSON.stringify({ ...made, ...begun, status: state }) });
  });
  await page.goto(at(`calendar?appointment=${made.id}`));
  const dialog = page.getByRole("dialog");
  await button(dialog, "They did not come").click();
  await dialog.getByText("no show").waitFor();
  assert.equal(state, "no_show");
  assert.equal(await button(dialog, "Call off").count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("the week is gone through by keyboard, an exception says why it is closed, and a link leads to its week", async () => {
  const { context, page, wrong } = await opened();
  const first = day(new Date().toISOString());
  const anna = await offered("keys", { exceptions: [{ first, name: `Holiday ${CANARY}` }] });
  const made = await book(anna, anna.slots[0].start);
  await page.goto(at(`calendar?calendar=${anna.id}`));
  const today = page.locator(".day.today");
  await today.getByText(`closed (Holiday ${CANARY})`).waitFor();
  assert.equal(await today.locator("h3").getAttribute("aria-current"), "date");
  await page.goto(at(`calendar?appointment=${made.id}`));
  await button(page, "Close").click();
  const shown = page.locator(".week li button").first();
  await shown.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("When").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement?.closest(".week") !== null), true, "the focus goes back");
  const heading = page.locator("main section h2").first();
  const before = await heading.textContent();
  await page.keyboard.press("PageDown");
  await page.waitForFunction((before) => document.querySelector("main section h2")?.textContent !== before, before);
  await page.waitForURL(/day=/);
  await button(page, "Earlier").click();
  await heading.getByText(before).waitFor();
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a key that reads sees the week and no buttons", async () => {
  const anna = await offered("reads");
  await book(anna, anna.slots[0].start);
  const { data: made } = await ask("POST", "/keys", { body: { name: "reader", scopes: ["appointments:read", "calls:read"] }, headers: once() });
  const { context, page, wrong } = await open(browser);
  await signIn(page, made.key);
  await page.goto(at(`calendar?calendar=${anna.id}&day=${day(anna.slots[0].start)}`));
  await page.locator(".week li button").first().click();
  await page.getByRole("dialog").getByText("Service").waitFor();
  for (const name of ["Book", "Move", "Call off", "Confirm"]) assert.equal(await button(page, name).count(), 0, name);
  await page.goto(at("calendar/offers"));
  await page.getByText(`${RUN}-reads`).first().waitFor();
  for (const name of ["New calendar", "Edit", "Feed", "New service"]) assert.equal(await button(page, name).count(), 0, name);
  assert.deepEqual(wrong, []);
  await context.close();
});
