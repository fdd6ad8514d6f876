import { Api, Problem } from "./api.js";
import { FeedbackForm } from "./feedback-form.js";
import { FeedbackTable } from "./feedback-table.js";

const IDS_PER_REQUEST = 100;

const identifyButton = document.getElementById("identify-gender");
const reloadButton = document.getElementById("reload");
const moreButton = document.getElementById("more");
const status = document.getElementById("status");
const progress = document.getElementById("progress");
const problemBox = document.getElementById("problem");

let api = null;
let next = null;
let busy = false;

const table = new FeedbackTable(showButtons);
new FeedbackForm(enter);

identifyButton.addEventListener("click", () => working(identify));
reloadButton.addEventListener("click", () => working(load));
moreButton.addEventListener("click", () => working(loadMore));
working(load);

/** Runs one task at a time and says in words how it ended. */
async function working(task) {
  if (busy) return;
  busy = true;
  problemBox.hidden = true;
  showButtons();
  try {
    await task();
  } catch (error) {
    const known = error instanceof Problem;
    problemBox.textContent = known ? error.message : "Something went wrong on this page. Reload it.";
    problemBox.hidden = false;
    status.textContent = "";
    if (!known) console.error(error);
  } finally {
    busy = false;
    progress.hidden = true;
    showButtons();
  }
}

async function connected() {
  api ??= await Api.fromConfiguration();
  return api;
}

async function load() {
  status.textContent = "Loading feedbacks …";
  const page = await (await connected()).list();
  table.clear();
  showPage(page);
}

async function loadMore() {
  status.textContent = "Loading older feedbacks …";
  showPage(await (await connected()).list(next));
}

function showPage(page) {
  table.add(page.feedbacks);
  next = page.next;
  moreButton.hidden = next === null;
  status.textContent = count(table.size, "feedback") + (next === null ? "." : " shown, there are older ones.");
}

async function enter(feedback, key) {
  const id = await (await connected()).enter(feedback, key);
  table.add([{ ...feedback, ID: id, PostedTime: new Date().toISOString() }], { above: true });
}

async function identify() {
  const ids = table.chosen;
  const service = await connected();
  let done = 0;
  let failed = 0;
  let unknown = 0;
  progress.max = ids.length;
  progress.value = 0;
  progress.hidden = false;
  for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
    status.textContent = `Identifying ${done} of ${ids.length} …`;
    const results = await service.identify(ids.slice(start, start + IDS_PER_REQUEST));
    for (const result of results) {
      if (result.error) {
        failed += 1;
        table.mark(result.id, result.error.message);
        continue;
      }
      if (result.gender === "U") unknown += 1;
      table.update(result.id, {
        Gender: result.gender,
        GenderProbability: result.probability ?? undefined,
        GenderSource: result.source,
      });
    }
    done += results.length;
    progress.value = done;
  }
  const parts = [`${count(done - failed, "gender")} identified`];
  if (unknown) parts.push(`${unknown} of them unknown`);
  if (failed) parts.push(`${failed} failed`);
  status.textContent = `${parts.join(", ")}.`;
}

function showButtons() {
  const chosen = table.chosen.length;
  identifyButton.disabled = busy || chosen === 0;
  identifyButton.textContent = chosen ? `Identify Gender (${chosen})` : "Identify Gender";
  reloadButton.disabled = busy;
  moreButton.disabled = busy;
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
