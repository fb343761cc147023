// What the script adds, and that pages stand without it. These run on the gallery only: they know its samples.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { context, launch, server } from "./browser.mjs";

const elsewhere = Boolean(process.env.BASE_URL);
let under, browser;
before(async () => { if (!elsewhere) { under = await server(); browser = await launch(); } });
after(async () => { await browser?.close(); under?.stop(); });

async function open(path, more = {}) {
  const made = await context(browser, under.url, { width: 1440, ...more });
  const page = await made.newPage();
  await page.goto(under.url + path);
  return page;
}

test("Ctrl-K finds a record and opens it", { skip: elsewhere }, async () => {
  const page = await open("/overview");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("refund");
  await page.waitForSelector("#palette-list li .key");
  assert.equal(await page.getAttribute("#palette-list li", "aria-selected"), "true");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/requirement");
});

test("? lists the shortcuts, g then a letter goes, j and k walk the rows", { skip: elsewhere }, async () => {
  const page = await open("/matrix");
  await page.keyboard.press("?");
  assert.ok(await page.isVisible("#shortcuts"));
  await page.keyboard.press("Escape");
  await page.waitForSelector("#shortcuts", { state: "hidden" });
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr").rowIndex), 2);
  await page.keyboard.press("k");
  assert.equal(await page.evaluate(() => document.activeElement.closest("tr").rowIndex), 1);
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await page.waitForURL("**/p/payments-gateway/builds");
});

test("c opens the form and puts the cursor into the title; keys typed there stay text", { skip: elsewhere }, async () => {
  const page = await open("/requirements");
  await page.keyboard.press("c");
  await page.keyboard.type("j?gr");
  assert.equal(await page.inputValue("#new-title"), "j?gr");
});

test("the theme changes at once and is remembered without a flash", { skip: elsewhere }, async () => {
  const page = await open("/overview");
  await page.click("details.user summary");
  const remembered = page.waitForResponse("**/theme");
  await page.click("details.user button[value=dark]");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  await remembered;
  assert.match(await (await page.goto(page.url())).text(), /data-theme="dark"/);
});

test("without script the theme switch, the navigation and the filters still work", { skip: elsewhere }, async () => {
  const page = await open("/matrix", { width: 390, javaScriptEnabled: false });
  await page.click("details.mobile summary");
  assert.ok(await page.isVisible(".drawer >> text=Deployments"));
  await page.click("details.mobile summary");
  await page.click("details.chip summary");
  await page.check("details.chip input[value=draft]");
  await page.click("details.chip[open] button");
  assert.match(page.url(), /status=approved&status=in_progress/);
  assert.match(page.url(), /status=draft/);
  await page.click("details.user summary");
  await page.click("details.user button[value=dark]");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
});

test("a dropped file joins the form, is sent, and leads to its import", { skip: elsewhere }, async () => {
  const page = await open("/import");
  assert.ok(await page.isHidden("[data-upload-progress]"));
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["<testsuite/>"], "TEST-a.xml"));
    document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  assert.match(await page.textContent("[data-chosen]"), /TEST-a\.xml/);
  const sent = page.waitForRequest((request) => request.method() === "POST");
  await page.click("form[data-upload] button.main");
  assert.match((await sent).headers()["content-type"], /^multipart\/form-data/);
  await page.waitForURL("**/import-done");
});

test("a running import shows its end without a reload", { skip: elsewhere }, async () => {
  const page = await open("/import-running");
  assert.ok(await page.isVisible("#job progress"));
  const done = await (await fetch(`${under.url}/import-done`)).text();
  await page.route("**/import-running", (route) => route.fulfill({ contentType: "text/html", body: done }));
  await page.waitForSelector("#job >> text=recognised =");
  assert.equal(await page.getAttribute("#job", "data-poll"), null);
  assert.equal(await page.textContent("#live"), "The import is done");
});

test("with shortcuts off only Ctrl-K is left", { skip: elsewhere }, async () => {
  const page = await open("/matrix");
  await page.evaluate(() => { document.documentElement.dataset.shortcuts = "off"; });
  await page.keyboard.press("?");
  assert.ok(await page.isHidden("#shortcuts"));
  await page.keyboard.press("Control+k");
  assert.ok(await page.isVisible("#palette"));
});
