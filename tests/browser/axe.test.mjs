// Every page, in both themes and three widths: no axe violation, no sideways scrolling, nothing the policy had to stop.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { context, launch, pages, server } from "./browser.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const options = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  rules: { "target-size": { enabled: true } },
  resultTypes: ["violations"],
};
let under, browser, list;

before(async () => {
  under = await server();
  browser = await launch();
  list = await pages(under.url);
  assert.ok(list.length > 0, "there is no page to look at");
});
after(async () => {
  await browser?.close();
  under?.stop();
});

/** What axe finds on the page as it stands, one line a node. */
async function violations(page, where) {
  // evaluate goes past the page's policy, which forbids a script element.
  await page.evaluate(axe);
  const found = await page.evaluate((given) => window.axe.run(document, given), options);
  return found.violations.flatMap((one) => one.nodes.map((node) => `${where} ${one.id}: ${node.html.slice(0, 160)}\n    ${node.failureSummary.replaceAll("\n", "\n    ")}`));
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 390, 1440]) {
    // Proves REQ-42.1, REQ-42.5.
    test(`axe finds nothing, ${colorScheme}, ${width} px`, async () => {
      const made = await context(browser, under.url, { width, colorScheme });
      const page = await made.newPage();
      const faults = [];
      page.on("console", (message) => { if (message.type() === "error" && /Content.Security|Refused/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`); });
      page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
      page.on("request", (request) => { if (!request.url().startsWith(under.url) && !request.url().startsWith("data:")) faults.push(`${page.url()} asks ${request.url()}`); });
      for (const path of list) {
        await page.goto(under.url + path);
        // Folded forms and menus of the page itself are looked at too.
        await page.evaluate(() => document.querySelectorAll("main details:not(.menu)").forEach((one) => { one.open = true; }));
        faults.push(...await violations(page, path));
        const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (beyond > 0) faults.push(`${path} scrolls sideways by ${beyond} px`);
      }
      await made.close();
      assert.equal(faults.length, 0, `${faults.length} faults\n${faults.join("\n")}`);
    });
  }

  test(`axe finds nothing in open menus and dialogs, ${colorScheme}`, async () => {
    const faults = [];
    for (const width of [390, 1440]) {
      const made = await context(browser, under.url, { width, colorScheme });
      const page = await made.newPage();
      for (const path of list) {
        await page.goto(under.url + path);
        if (await page.$("details.chip")) break;
      }
      assert.ok(await page.$("details.chip"), "no page has a filter bar");
      for (const menu of ["details.user", "details.chip", "details.mobile"]) {
        if (!(await page.isVisible(`${menu} > summary`))) continue;
        await page.click(`${menu} > summary`);
        faults.push(...await violations(page, `${menu} at ${width}`));
        await page.keyboard.press("Escape");
      }
      for (const [keys, dialog] of [["Control+k", "#palette"], ["?", "#shortcuts"]]) {
        await page.keyboard.press(keys);
        await page.waitForSelector(`${dialog}[open]`);
        faults.push(...await violations(page, `${dialog} at ${width}`));
        await page.keyboard.press("Escape");
      }
      await made.close();
    }
    assert.equal(faults.length, 0, `${faults.length} faults\n${faults.join("\n")}`);
  });
}
