// Every screen: without errors, without a violation of the policy, without a serious finding of axe, in both themes and
// directions, wide and narrow.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { ask, launch, open, operatorKey, signIn, url } from "./browser.mjs";

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
before(async () => {
  browser = await launch();
  if (shots) await mkdir(shots, { recursive: true });
  const calls = (await ask("GET", "/calls")).data.calls;
  call = calls.find((call) => call.status === "completed") ?? calls[0];
  business = (await ask("GET", "/sign-in")).data.business;
  await ask("POST", "/members", { body: { name: "Ada Byron", role: "agent" }, headers: { "idempotency-key": "screens" } });
});
after(() => browser?.close());

const screens = () => [
  { name: "overview", at: `b/${business}/overview`, shows: "Latest calls" },
  { name: "talk", at: `b/${business}/overview`, press: "Talk to the agent", shows: "Begin" },
  { name: "live", at: `b/${business}/live`, shows: "Live" },
  { name: "calls", at: `b/${business}/calls`, shows: "Calls shown" },
  { name: "call", at: `b/${business}/calls/${call.sid}`, shows: "What was said" },
  { name: "messages", at: `b/${business}/messages`, shows: "Kind" },
  { name: "settings", at: `b/${business}/settings`, shows: "Calls that come in" },
  { name: "history", at: `b/${business}/settings?tab=history`, shows: "Revision" },
  { name: "revision", at: `b/${business}/settings?revision=1`, shows: "All settings" },
  { name: "prompt", at: `b/${business}/prompt`, shows: "What the model gets" },
  { name: "numbers", at: `b/${business}/numbers`, shows: "Check at Twilio" },
  { name: "do-not-call", at: `b/${business}/do-not-call`, shows: "Do not call" },
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
    await page.goto(`${url}/console`);
    await page.getByLabel("API key").waitFor();
    await checked(page, look, "sign-in");
    await signIn(page, operatorKey);
    for (const screen of screens()) {
      await page.goto(`${url}/console#/${screen.at}`);
      if (screen.press) await page.getByRole("button", { name: screen.press }).click();
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
