// The pages of a running site, with real data: signing in, a project, a requirement and its place in the matrix, with
// script switched off and with the keyboard alone; and axe on the pages one passes.
//
// Inputs: BASE_URL of a running server, SITE_EMAIL and SITE_PASSWORD of somebody who may create projects, and SITE_TOKEN of
// an owner for what has to be there before. Without them nothing is tested here.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { context, launch } from "./browser.mjs";
import { faultsOf, listen, signIn, unfold } from "./look.mjs";

const { BASE_URL, SITE_EMAIL, SITE_PASSWORD, SITE_TOKEN } = process.env;
const skip = !(BASE_URL && SITE_EMAIL && SITE_PASSWORD) && "BASE_URL, SITE_EMAIL and SITE_PASSWORD are not set";
const base = (BASE_URL ?? "").replace(/\/$/, "");
const administrator = { email: SITE_EMAIL, password: SITE_PASSWORD };
let browser;
before(async () => { if (!skip) browser = await launch(); });
after(async () => { await browser?.close(); });

/** Presses Tab until the element that fits has the focus. */
async function tabTo(page, selector, most = 80) {
  for (let step = 0; step < most; step += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${selector} on ${page.url()}`);
}

test("without script: sign in, create a project and a requirement, find it in the matrix", { skip }, async () => {
  const made = await context(browser, base, { width: 1440, javaScriptEnabled: false });
  const page = await made.newPage();
  await signIn(page, base, administrator);
  const name = `Without script ${Date.now()}`;
  await page.click("details[data-create] summary");
  await page.fill("#project-name", name);
  await page.click("details[data-create] form button");
  assert.equal(await page.textContent("h1"), name);
  await page.click("nav[aria-label=Main] >> text=Requirements");
  await page.click("details[data-create] summary");
  await page.fill("#new-title", "Refunds are idempotent");
  await page.click("details[data-create] form button");
  assert.equal(await page.textContent("h1"), "Refunds are idempotent");
  await page.click("details[data-edit] summary");
  await page.fill("#edit-criteria", "The same key gives the same answer\nTwo at once count once");
  await page.click("details[data-edit] form button");
  assert.equal(await page.locator("ol.criteria > li").count(), 2);
  await page.click("nav[aria-label=Main] >> text=Matrix");
  const row = page.locator("tbody tr", { hasText: "Refunds are idempotent" });
  assert.match(await row.innerText(), /REQ-1[\s\S]*Gap[\s\S]*0\/2[\s\S]*no test/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("a:text-is('CSV')")]);
  assert.match(await readFile(await download.path(), "utf8"), /REQ-1,Refunds are idempotent,Gap,0,2,/);
  await made.close();
});

test("with the keyboard alone: sign in, create a requirement, approve it, filter the matrix", { skip }, async () => {
  const made = await context(browser, base, { width: 1440 });
  const page = await made.newPage();
  await page.goto(`${base}/`);
  await tabTo(page, "#sign-in-email");
  await page.keyboard.type(SITE_EMAIL);
  await tabTo(page, "#sign-in-password");
  await page.keyboard.type(SITE_PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/`);
  await page.keyboard.press("c");
  await tabTo(page, "#project-name");
  await page.keyboard.type(`By keyboard ${Date.now()}`);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/p/by-keyboard-*");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.waitForURL("**/requirements");
  await page.keyboard.press("c");
  await tabTo(page, "#new-title");
  await page.keyboard.type("Fees are shown before they are paid");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/requirements/REQ-1");
  await tabTo(page, "button[name=status][value=approved]");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=REQ-1 is now: Approved.");
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await page.waitForURL("**/matrix");
  await page.keyboard.press("/");
  await page.keyboard.type("no such thing");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=No requirement fits these filters");
  await made.close();
});

for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1440]) {
    test(`axe finds nothing on the way, ${colorScheme}, ${width} px`, { skip }, async () => {
      const made = await context(browser, base, { width, colorScheme });
      const page = await made.newPage();
      const faults = [];
      listen(page, base, faults);
      const look = async () => {
        await unfold(page);
        faults.push(...await faultsOf(page));
      };
      await page.goto(`${base}/sign-in`);
      await look();
      await signIn(page, base, administrator);
      await look();
      const project = await page.getAttribute("ul.projects a[data-row]", "href");
      assert.ok(project, "there is a project to look at");
      const record = async () => {
        await page.goto(`${base}${project}/requirements`);
        return page.getAttribute("tbody a[data-row]", "href");
      };
      const paths = [project, `${project}/requirements`, `${project}/matrix`, await record(), "/members", "/members/me", "/roles", "/roles?view=matrix&open=requirement", "/roles/developer", "/grants", "/approvals", "/access?kind=requirement&action=read", "/access/who?kind=requirement&action=read", "/access/what", "/account", "/account/tokens", "/docs", "/docs/requirements", "/nowhere"];
      for (const path of paths.filter(Boolean)) {
        await page.goto(base + path);
        await look();
      }
      await made.close();
      assert.equal(faults.length, 0, `${faults.length} faults\n${faults.join("\n")}`);
    });
  }
}

/** Asks the API as the administrator. */
async function api(method, path, body) {
  const answer = await fetch(base + path, {
    method,
    headers: { Authorization: `Bearer ${SITE_TOKEN}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path} answers ${answer.status}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** A member who may ask for a permission that the administrator has to approve. */
async function somebodyWhoAsks() {
  const mark = Date.now();
  const person = { email: `asks-${mark}@example.test`, display_name: `Asks ${mark}`, password: "a quiet harbour at dawn" };
  await api("POST", "/v1/memberships/invite", { ...person, role: "developer" });
  const named = async (collection, name) => (await api("GET", `/v1/${collection}?filter[name]=${name}`)).data[0];
  const owner = await named("roles", "owner");
  const workflow = await api("POST", "/v1/approval-workflows", { name: `Four eyes ${mark}`, subject_kind: "permission_grant" });
  await api("POST", "/v1/approval-workflow-steps", { workflow_id: workflow.id, name: "Review", step_number: 1, approver_role_id: owner.id });
  const kind = await named("resource-types", "defect");
  const permission = await api("POST", "/v1/permissions", {
    name: `defect:export-${mark}`, display_name: "Take defects away", resource_type_id: kind.id, action: "export", requires_approval: true, approval_workflow_id: workflow.id,
  });
  await api("POST", "/v1/role-permissions", { role_id: (await named("roles", "developer")).id, permission_id: permission.id });
  return { ...person, permission: permission.name };
}

test("with the keyboard alone: give a role, ask why, ask for an approval and decide it", { skip: skip || (!SITE_TOKEN && "SITE_TOKEN is not set") }, async () => {
  const person = await somebodyWhoAsks();
  const made = await context(browser, base, { width: 1440 });
  const page = await made.newPage();
  await signIn(page, base, administrator);
  const go = async (key, path) => {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await page.waitForURL(path);
  };
  await go("p", "**/members");
  await page.keyboard.press("/");
  await page.keyboard.type(person.email);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/members?*");
  await tabTo(page, "tbody a[data-row]");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/members/*-*");
  await page.keyboard.press("c");
  await tabTo(page, "#assign-role");
  await page.keyboard.type("Viewer");
  await tabTo(page, "#assign-valid_until");
  await page.keyboard.type("01012099");
  await page.keyboard.press("Tab");
  await page.keyboard.type("1200P");
  await tabTo(page, "#assign-reason");
  await page.keyboard.type("for the audit");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=The role is given.");
  await page.waitForSelector("text=for the audit");

  await go("w", "**/access");
  await tabTo(page, "#ask-who");
  await page.keyboard.type(person.email);
  await tabTo(page, "#ask-action");
  await page.keyboard.type("delete");
  await tabTo(page, "#ask-kind");
  await page.keyboard.type("role");
  await page.keyboard.press("Enter");
  await tabTo(page, ".ask button");
  await page.keyboard.press("Enter");
  await page.waitForSelector(`text=${person.display_name} may not delete roles everywhere in the organisation.`);
  await tabTo(page, "#if-with");
  await page.keyboard.type("Owner");
  await tabTo(page, "#if-with ~ button, form:has(#if-with) button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=Supposed: they also hold the role Owner everywhere");

  const theirs = await context(browser, base, { width: 390 });
  const other = await theirs.newPage();
  await other.goto(`${base}/approvals`);
  await other.fill("#sign-in-email", person.email);
  await other.fill("#sign-in-password", person.password);
  await other.keyboard.press("Enter");
  await other.waitForURL("**/approvals");
  await other.keyboard.press("c");
  await tabTo(other, "#ask-permission");
  await other.keyboard.type(person.permission);
  await tabTo(other, "#ask-hours");
  await other.keyboard.press("Enter");
  await other.waitForSelector("text=It is asked.");
  await theirs.close();

  await go("v", "**/approvals");
  const card = page.locator("#waiting ~ ul > li", { hasText: person.permission });
  const field = await card.locator("input[name=comment]").getAttribute("id");
  await tabTo(page, `[id="${field}"]`);
  await page.keyboard.type("until tonight");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForSelector("text=You said yes.");
  assert.equal(await card.count(), 0, "what was decided waits no more");
  await made.close();
});
