import { Api } from "./api.js";
import { askDeletion, askOwnWord } from "./dialogs.js";
import { FeedbackForm } from "./feedback-form.js";
import { FeedbackTable } from "./feedback-table.js";
import { showInsights, showNoInsights } from "./insights.js";
import { Problem } from "./problem.js";
import { RecentWrites } from "./recent.js";

const IDS_PER_REQUEST = 100;
const ROWS_PER_LARGE_REQUEST = 1_000;
const SLOW_MS = 6_000;

const identifyButton = document.getElementById("identify-gender");
const sentimentButton = document.getElementById("predict-sentiment");
const actions = [identifyButton, sentimentButton].map((button) => [button, button.textContent]);
const reloadButton = document.getElementById("reload");
const signInButton = document.getElementById("sign-in");
const signOutButton = document.getElementById("sign-out");
const searchField = document.getElementById("search");
const hint = document.getElementById("hint");
const selectOlderButton = document.getElementById("select-older");
const status = document.getElementById("status");
const progress = document.getElementById("progress");
const problemBox = document.getElementById("problem");

const recent = new RecentWrites();
let api = null;
let next = null;
let waiting = 0;
let queue = Promise.resolve();

const table = new FeedbackTable({
  onChange: showButtons,
  onOlder: () => working(loadOlder),
  onCorrect: correct,
  onDelete: forget,
});
new FeedbackForm(enter);

identifyButton.addEventListener("click", () => working(identify));
sentimentButton.addEventListener("click", () => working(judge));
selectOlderButton.addEventListener("click", () => working(selectOlder));
reloadButton.addEventListener("click", () => working(load));
searchField.addEventListener("input", search);
signInButton.addEventListener("click", () => api.signIn.start());
signOutButton.addEventListener("click", () => api.signIn.end());
window.addEventListener("online", () => working(load));
working(begin);

/** Runs one task after the other. */
function working(task) {
  waiting += 1;
  showButtons();
  queue = queue.then(() => run(task));
}

/** Runs a task and says in words how it ended. */
async function run(task) {
  problemBox.hidden = true;
  try {
    await task();
  } catch (error) {
    const known = error instanceof Problem;
    problemBox.textContent = known ? error.message : "Something went wrong on this page. Reload it.";
    problemBox.hidden = false;
    status.textContent = "";
    if (!known) console.error(error);
  } finally {
    waiting -= 1;
    progress.hidden = true;
    showSignIn();
    showButtons();
  }
}

/** Returns the API that the configuration beside the page names. */
async function configuredApi() {
  api ??= await Api.fromConfiguration();
  return api;
}

/** Waits for the service, and says so when that takes long. */
async function patiently(request) {
  const timer = setTimeout(() => {
    status.textContent = "The service is slow at present. Please wait …";
  }, SLOW_MS);
  try {
    return await request(await configuredApi());
  } finally {
    clearTimeout(timer);
  }
}

/** Finds the API, comes back from signing in, and loads. */
async function begin() {
  await patiently((service) => service.signIn?.finish());
  if (api.signIn && !api.signIn.done) {
    status.textContent = "Please sign in.";
    return;
  }
  await load();
}

function showSignIn() {
  const signIn = api?.signIn;
  signInButton.hidden = !signIn || signIn.done;
  signOutButton.hidden = !signIn?.done;
}

async function load() {
  status.textContent = "Loading feedbacks …";
  const page = await patiently((service) => service.list({ fresh: recent.ids }));
  next = page.next;
  table.replace(page.feedbacks, next !== null);
  showCount();
  loadInsights();
  if (searching()) await loadAll("Searching", searching);
}

async function loadOlder() {
  status.textContent = "Loading older feedbacks …";
  const page = await patiently((service) => service.list({ next }));
  next = page.next;
  table.append(page.feedbacks, next !== null);
  table.turnToOlder();
  showCount();
}

/** Loads all older feedbacks, as long as they are wanted. */
async function loadAll(verb, wanted) {
  while (next !== null && wanted()) {
    status.textContent = `${verb}, ${table.size} feedbacks so far …`;
    const url = new URL(next);
    url.searchParams.set("limit", ROWS_PER_LARGE_REQUEST);
    const page = await patiently((service) => service.list({ next: url.href }));
    next = page.next;
    table.append(page.feedbacks, next !== null);
  }
  showCount();
}

async function selectOlder() {
  await loadAll("Loading older feedbacks", () => true);
  table.chooseAll();
  // The button that was pressed is gone: the keyboard goes on beside it.
  table.all.focus();
}

function searching() {
  return searchField.value.trim() !== "";
}

function search() {
  table.search(searchField.value);
  showCount();
  if (searching() && next !== null) working(() => loadAll("Searching", searching));
}

/** Shows the insights; nothing waits for them. */
async function loadInsights() {
  try {
    showInsights(await (await configuredApi()).insights());
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // The rest of the page works without them.
    showNoInsights();
  }
}

async function enter(feedback, key) {
  const id = await patiently((service) => service.enter(feedback, key));
  recent.add([id]);
  table.prepend({ ...feedback, ID: id, PostedTime: new Date().toISOString() });
  if (waiting === 0) showCount();
}

async function correct(feedback) {
  const gender = await askOwnWord(feedback);
  if (gender === null) return;
  working(async () => {
    status.textContent = "Storing …";
    const changed = await patiently((service) => service.correct(feedback.ID, gender));
    recent.add([feedback.ID]);
    table.update(feedback.ID, {
      Gender: changed.Gender,
      GenderSource: changed.GenderSource,
      GenderProbability: changed.GenderProbability,
    });
    status.textContent = "The person’s own word is stored.";
    loadInsights();
  });
}

async function forget(feedback) {
  if (!(await askDeletion(feedback))) return;
  working(async () => {
    status.textContent = "Deleting …";
    await patiently((service) => service.forget(feedback.ID));
    recent.add([feedback.ID]);
    table.remove(feedback.ID);
    status.textContent = "The feedback is deleted.";
    document.getElementById("feedbacks").focus();
    loadInsights();
  });
}

async function identify() {
  let unknown = 0;
  const { done, failed } = await inBatches("Identifying", (service, ids) => service.identify(ids), (result) => {
    if (result.gender === "U") unknown += 1;
    table.update(result.id, {
      Gender: result.gender,
      GenderProbability: result.probability ?? undefined,
      GenderSource: result.source,
    });
  });
  const parts = [`${count(done, "gender")} identified`];
  if (unknown) parts.push(`${unknown} of them unknown`);
  if (failed) parts.push(`${failed} failed`);
  status.textContent = `${parts.join(", ")}.`;
}

async function judge() {
  const { done, failed } = await inBatches("Predicting", (service, ids) => service.judge(ids), (result) => {
    table.update(result.id, { Sentiment: result.sentiment });
  });
  status.textContent = `${count(done, "sentiment")} predicted${failed ? `, ${failed} failed` : ""}.`;
}

/** Asks the service for all selected feedbacks, batch by batch, and shows each result. */
async function inBatches(verb, ask, show) {
  const ids = table.chosen;
  let done = 0;
  let failed = 0;
  progress.max = ids.length;
  progress.value = 0;
  progress.hidden = false;
  try {
    for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
      status.textContent = `${verb} ${start} of ${ids.length} …`;
      const batch = ids.slice(start, start + IDS_PER_REQUEST);
      for (const result of await patiently((service) => ask(service, batch))) {
        if (result.error) {
          failed += 1;
          table.mark(result.id, result.error.message);
        } else {
          done += 1;
          show(result);
        }
      }
      recent.add(batch);
      progress.value = start + batch.length;
    }
  } finally {
    loadInsights();
  }
  return { done, failed };
}

function showCount() {
  const older = next === null ? "" : ", and there are older ones";
  const found = searching() ? `${table.matches} of ` : "";
  status.textContent = `${found}${count(table.size, "feedback")}${older}.`;
}

function showButtons() {
  const chosen = table.chosen.length;
  for (const [button, words] of actions) {
    button.disabled = waiting > 0 || chosen === 0;
    button.textContent = chosen ? `${words} (${chosen})` : words;
  }
  reloadButton.disabled = waiting > 0;
  hint.hidden = waiting > 0 || chosen > 0 || table.matches === 0;
  selectOlderButton.hidden = waiting > 0 || next === null || !table.allChosen;
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
