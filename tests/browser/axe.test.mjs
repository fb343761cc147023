// Every page, in both themes and three widths: no axe violation, no sideways scrolling, nothing the policy had to stop.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { context, launch, pages, server } from "./browser.mjs";
import { COLOURS, SIZES, faultsOf, listen, unfold } from "./look.mjs";

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

// A page is opened once for a phone and once for a desk, looked at in both themes, and on the phone at the narrowest as well.
describe("every page", { concurrency: 2 }, () => { for (const width of [390, 1440]) {
  // Proves REQ-42.1, REQ-42.5.
  test(`axe finds nothing, ${width} px, light and dark`, async () => {
    const made = await context(browser, under.url, { width });
    const page = await made.newPage();
    const faults = [];
    listen(page, under.url, faults);
    for (const path of list) {
      await page.goto(under.url + path);
      await unfold(page);
      faults.push(...await faultsOf(page, `${path} at ${width}`));
      await page.emulateMedia({ colorScheme: "dark" });
      faults.push(...await faultsOf(page, `${path} at ${width}, dark`, COLOURS));
      await page.emulateMedia({ colorScheme: "light" });
      if (width > 390) continue;
      await page.setViewportSize({ width: 320, height: 900 });
      faults.push(...await faultsOf(page, `${path} at 320`, SIZES));
      await page.setViewportSize({ width, height: 900 });
    }
    await made.close();
    assert.equal(faults.length, 0, `${faults.length} faults\n${faults.join("\n")}`);
  });
} });

for (const colorScheme of ["light", "dark"]) {
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
        faults.push(...await faultsOf(page, `${menu} at ${width}`));
        await page.keyboard.press("Escape");
      }
      for (const [keys, dialog] of [["Control+k", "#palette"], ["?", "#shortcuts"]]) {
        await page.keyboard.press(keys);
        await page.waitForSelector(`${dialog}[open]`);
        faults.push(...await faultsOf(page, `${dialog} at ${width}`));
        await page.keyboard.press("Escape");
      }
      await made.close();
    }
    assert.equal(faults.length, 0, `${faults.length} faults\n${faults.join("\n")}`);
  });
}
