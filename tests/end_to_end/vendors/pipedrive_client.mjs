// Drives the vendor's own Node client (package "pipedrive") against a running sandbox; settings from the environment.
// Run by test_vendor_clients.py in a folder that has the packages of package.json. Nothing but base paths is changed.
// "token" as the argument uses an API token, "oauth" the authorization code grant. The last line is a JSON summary.
import assert from "assert";
import { createRequire } from "module";
import path from "path";

const require = createRequire(path.join(process.cwd(), "package.json"));
const origin = process.env.PIPEDRIVE_BASE_URL;
const done = [];
const failed = [];

async function attempt(name, call) {
  try {
    const result = await call();
    done.push(name);
    return result;
  } catch (error) {
    failed.push(`${name}: ${error.stack ?? JSON.stringify(error)}`);
    return undefined;
  }
}

// The consent page answers with a redirect that carries the code, as it does to a browser.
async function authorize(library) {
  const oauth = new library.OAuth2Configuration({
    clientId: process.env.PIPEDRIVE_CLIENT_ID,
    clientSecret: process.env.PIPEDRIVE_CLIENT_SECRET,
    redirectUri: "https://app.example.com/callback",
    host: process.env.PIPEDRIVE_OAUTH_URL,
  });
  const consent = await fetch(`${oauth.authorizationUrl}&state=xyz`, { redirect: "manual" });
  const back = new URL(consent.headers.get("location"));
  assert.equal(back.searchParams.get("state"), "xyz");
  await oauth.authorize(back.searchParams.get("code"));
  assert.equal(oauth.basePath.startsWith(origin), true, oauth.basePath);
  return oauth;
}

async function configuration(library, version, credential) {
  if (credential === "token") {
    const basePath = `${origin}/api/${version}`;
    return { made: new library.Configuration({ apiKey: process.env.PIPEDRIVE_API_TOKEN, basePath }) };
  }
  const oauth = await attempt(`${version} authorize`, () => authorize(library));
  return { oauth, made: new library.Configuration({ accessToken: oauth.getAccessToken, basePath: oauth.basePath }) };
}

async function refresh(version, oauth, deals) {
  await attempt(`${version} tokenRefresh`, async () => {
    const first = { access: oauth.accessToken, refresh: oauth.refreshToken };
    oauth.expiresAt = 1; // the client itself finds the token expired and renews it before the next call
    await deals.getDeals({ limit: 1 });
    assert.notEqual(oauth.accessToken, first.access);
    assert.notEqual(oauth.refreshToken, first.refresh);
  });
  await attempt(`${version} revokeToken`, async () => {
    await oauth.revokeToken("refresh_token");
    await assert.rejects(oauth.tokenRefresh());
  });
}

// Counts a collection by walking its pages, v2 by cursor and v1 by offset.
async function walk(version, list) {
  const ids = new Set();
  let pages = 0;
  let next = {};
  do {
    const page = await list({ limit: 50, ...next });
    for (const each of page.data) ids.add(each.id);
    pages += 1;
    const more = page.additional_data;
    if (version === "v2") next = more.next_cursor ? { cursor: more.next_cursor } : undefined;
    else next = more.pagination.more_items_in_collection ? { start: more.pagination.next_start } : undefined;
  } while (next);
  return { items: ids.size, pages };
}

async function exercise(version, resource, noun, plural, title, create) {
  const label = (verb) => `${version} ${verb}${noun}`;
  const body = (verb, text) => ({ [`${verb}${noun}Request`]: { ...create, [title]: text } });
  const made = await attempt(label("add"), () => resource[`add${noun}`](body("Add", "Café nº 1")));
  const id = made.data.id;
  await attempt(label("get"), async () => {
    assert.equal((await resource[`get${noun}`]({ id })).data[title], "Café nº 1");
  });
  await attempt(label("update"), async () => {
    // v2 updateActivity names its body after the request that adds one, so it is given under both names
    const changed = await resource[`update${noun}`]({ id, ...body("Update", "Outro"), ...body("Add", "Outro") });
    assert.equal(changed.data[title], "Outro");
  });
  const counted = await attempt(label("pages of "), () => walk(version, (page) => resource[`get${plural}`](page)));
  await attempt(label("delete"), async () => {
    assert.equal((await resource[`delete${noun}`]({ id })).data.id, id);
    const after = await walk(version, (page) => resource[`get${plural}`](page));
    assert.equal(after.items, counted.items - 1);
  });
  return counted;
}

const RESOURCES = [
  ["DealsApi", "Deal", "Deals", "title", {}],
  ["PersonsApi", "Person", "Persons", "name", {}],
  ["OrganizationsApi", "Organization", "Organizations", "name", {}],
  ["ActivitiesApi", "Activity", "Activities", "subject", { type: "call" }],
];
const READS = {
  UsersApi: "getUsers", LeadsApi: "getLeads", NotesApi: "getNotes", FilesApi: "getFiles",
  PipelinesApi: "getPipelines", StagesApi: "getStages", ProductsApi: "getProducts", DealFieldsApi: "getDealFields",
};

const credential = process.argv[2];
const counts = {};
for (const [version, name] of [["v2", "pipedrive/v2"], ["v1", "pipedrive-v1/v1"], ["v1 now", "pipedrive/v1"]]) {
  const library = require(name);
  const short = version.slice(0, 2);
  const { oauth, made } = await configuration(library, short, credential);
  if (version !== "v1 now") {
    for (const [api, noun, plural, title, create] of RESOURCES) {
      const counted = await exercise(version, new library[api](made), noun, plural, title, create);
      counts[`${version} ${plural}`] = counted;
    }
  }
  for (const [api, method] of Object.entries(READS)) {
    const resource = library[api] ? new library[api](made) : {};
    if (resource[method]) {
      await attempt(`${version} ${method}`, async () => assert.ok(Array.isArray((await resource[method]()).data)));
    }
  }
  if (oauth && version !== "v1 now") await refresh(version, oauth, new library.DealsApi(made));
}
console.log(JSON.stringify({ done, failed, counts }));
