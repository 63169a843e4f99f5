// People who are invited, and sign in through the issuer: each in a browser of their own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

let browser;
let business;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
});
after(() => browser?.close());

const button = (page, name) => page.getByRole("button", { name, exact: true });
const withIssuer = (page) => page.getByRole("button", { name: /^Sign in with / });
/** The page goes to the issuer's, and that is all that it asks of another origin. */
const ours = (wrong, issuer) => wrong.filter((what) => what !== `request to ${issuer}`);

/** On the issuer's page. */
async function asPerson(page, email) {
  await page.getByLabel("E-mail address").fill(email);
  const { origin } = new URL(page.url());
  assert.notEqual(origin, url);
  await button(page, "Sign in").click();
  return origin;
}

/** Invites a person in the owner's window, and gives the link. */
async function invite(page, name, role) {
  await page.goto(`${url}/console#/b/${business}/members`);
  await button(page, "Invite a person").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("May do").selectOption(role);
  await button(page, "Make the link").click();
  const link = page.locator(".notice code");
  await page.locator(".notice").getByText(name).waitFor();
  return link.innerText();
}

test("a person is invited in one browser and joins in another", async () => {
  const [owner, ada, eve] = [await open(browser), await open(browser), await open(browser)];
  await signIn(owner.page, key);
  const name = `Ada <img src=x> ${Date.now()}`;
  const email = `ada-${Date.now()}@example.com`;
  const link = await invite(owner.page, name, "viewer");
  assert.ok(link.startsWith(`${url}/console#/join/swb_inv_`), link);

  await ada.page.goto(link);
  await ada.page.getByText("You are invited").waitFor();
  assert.equal(await ada.page.getByLabel("API key").count(), 0, "there is one thing to do");
  await withIssuer(ada.page).focus();
  await ada.page.keyboard.press("Enter");
  const issuer = await asPerson(ada.page, email);
  await ada.page.locator("#side").waitFor({ state: "attached" });
  await ada.page.waitForURL(`${url}/console#/b/${business}/overview`);
  await ada.page.locator(".account summary").getByText(name).waitFor();
  assert.equal(await ada.page.getByRole("link", { name: "Members", exact: true }).count(), 0, "a viewer sees no members");
  const cookies = await ada.context.cookies(url);
  assert.deepEqual(cookies.map(({ httpOnly, sameSite, path }) => [httpOnly, sameSite, path]), [[true, "Strict", "/"]]);

  await owner.page.reload();
  const row = owner.page.getByRole("row").filter({ hasText: email });
  await row.getByText("joined").waitFor();
  await row.getByRole("button", { name: "Change role" }).click();
  await owner.page.getByRole("dialog").getByLabel("May do").selectOption("admin");
  await button(owner.page, "Change it").click();
  await row.getByText("admin", { exact: true }).waitFor();
  await ada.page.reload();
  await ada.page.getByRole("link", { name: "Members", exact: true }).click();
  await ada.page.getByText(email).waitFor();

  await eve.page.goto(link);
  await withIssuer(eve.page).click();
  await asPerson(eve.page, "eve@example.com");
  await eve.page.getByText("Another person accepted").waitFor();
  await eve.page.getByLabel("API key").waitFor();

  await owner.page.goto(`${url}/console#/b/${business}/audit`);
  const entry = owner.page.getByRole("row").filter({ hasText: "oidc/callback" }).filter({ hasText: name }).first();
  // The day begins with what other tests asked for.
  for (const further = button(owner.page, "Further"); ; ) {
    await entry.or(further).first().waitFor();
    if (await entry.isVisible()) break;
    const page = owner.page.waitForResponse((answer) => answer.url().includes("cursor="));
    await further.click();
    await page;
    await owner.page.locator(".waiting").waitFor({ state: "detached" });
  }
  await owner.page.goto(`${url}/console#/b/${business}/members`);
  await row.getByRole("button", { name: "Remove" }).click();
  await owner.page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await row.waitFor({ state: "detached" });
  await ada.page.getByRole("link", { name: "Calls", exact: true }).click();
  await withIssuer(ada.page).click();
  await asPerson(ada.page, email);
  await ada.page.getByText("a member of no business").waitFor();
  for (const { context, wrong } of [owner, ada, eve]) {
    assert.deepEqual(ours(wrong, issuer), []);
    await context.close();
  }
});

test("a person who says no comes back, and a word that is not known is a plain failure", async () => {
  const { context, page, wrong } = await open(browser);
  await page.goto(`${url}/console`);
  await withIssuer(page).click();
  await page.getByLabel("E-mail address").waitFor();
  const { origin } = new URL(page.url());
  await button(page, "Cancel").click();
  await page.getByText("It was broken off").waitFor();
  await page.goto(`${url}/console#/?sign-in=${encodeURIComponent("<img src=x onerror=alert(1)>")}`);
  await page.getByText("Something failed").waitFor();
  await signIn(page, key);
  await page.goto(`${url}/console#/?sign-in=no_member`);
  await page.getByText("Stay signed in as").click();
  await page.locator("#side").waitFor({ state: "attached" });
  assert.deepEqual(ours(wrong, origin), []);
  await context.close();
});
