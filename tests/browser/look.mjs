// What every page has to keep: axe finds nothing, nothing reaches beyond the width of the screen, and nothing is asked of anybody else.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** What may differ between themes, and what a narrower screen may break; all else does not change with them. */
export const COLOURS = ["color-contrast", "link-in-text-block"];
export const SIZES = ["target-size", "scrollable-region-focusable"];

/** The faults of a page as it stands, one line a node; by these rules alone when some are given. */
export async function faultsOf(page, where = page.url(), rules = null) {
  // evaluate goes past the page's policy, which forbids a script element.
  await page.evaluate(axe);
  const runOnly = rules ? { type: "rule", values: rules } : { type: "tag", values: tags };
  const found = await page.evaluate((given) => window.axe.run(document, given), {
    runOnly, rules: rules ? {} : { "target-size": { enabled: true } }, resultTypes: ["violations"],
  });
  const faults = found.violations.flatMap((one) => one.nodes.map((node) => `${where} ${one.id}: ${node.html.slice(0, 160)}\n    ${node.failureSummary.replaceAll("\n", "\n    ")}`));
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (beyond > 0) faults.push(`${where} scrolls sideways by ${beyond} px`);
  return faults;
}

/** Opens what is folded on the page itself, so that it is looked at too. */
export const unfold = (page) => page.evaluate(() => document.querySelectorAll("main details:not(.menu)").forEach((one) => { one.open = true; }));

/** Writes down in `faults` what the policy of any page in the tab stops, errors of script, and whatever is asked of another server. */
export function listen(page, base, faults) {
  page.on("console", (message) => { if (message.type() === "error" && /Content.Security|Refused/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`); });
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
  page.on("request", (request) => { if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url())) faults.push(`${page.url()} asks ${request.url()}`); });
}

/** Signs in by the form, as a person does. */
export async function signIn(page, base, { email, password }, path = "/") {
  await page.goto(base + path);
  await page.fill("#sign-in-email", email);
  await page.fill("#sign-in-password", password);
  await page.click("main button.main, main form button");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}
