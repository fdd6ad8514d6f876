import { element } from "./elements.js";
import { genderCell } from "./gender.js";
import { sentimentCell } from "./sentiment.js";

const ROWS_PER_PAGE = 50;

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/**
 * What a row shows beside its checkbox: the class of the column, its title, what the customer wrote
 * there (`text`, which the search finds too) or else what stands in the cell (`content`).
 */
const COLUMNS = [
  { name: "name", title: "Name", text: fullName, content: (feedback) => [fullName(feedback), posted(feedback.PostedTime)] },
  { name: "text", title: "Feedback", text: ({ Feedback }) => Feedback },
  { name: "sentiment", title: "Sentiment", content: ({ Sentiment }) => [sentimentCell(Sentiment)] },
  { name: "gender", title: "Gender", content: genderCell },
  { name: "tools", title: "Change", content: tools },
];

/** The table of feedbacks: what is known, what is searched for, what is selected, what is shown. */
export class FeedbackTable {
  #feedbacks = [];
  #byId = new Map();
  #problems = new Map();
  #chosen = new Set();
  #matching = [];
  #words = [];
  #start = 0;
  #hasOlder = false;
  #onChange;

  /**
   * @param {{onChange: () => void, onOlder: () => void, onCorrect: (feedback: object) => void,
   *   onDelete: (feedback: object) => void}} actions
   */
  constructor({ onChange, onOlder, onCorrect, onDelete }) {
    this.#onChange = onChange;
    this.table = document.getElementById("feedback-table");
    this.body = document.getElementById("rows");
    this.all = document.getElementById("select-all");
    this.empty = document.getElementById("empty");
    this.pager = document.getElementById("pager");
    this.newer = document.getElementById("newer");
    this.older = document.getElementById("older");
    this.pageInfo = document.getElementById("page-info");
    this.all.closest("tr").append(
      ...COLUMNS.map((column) => element("th", { role: "columnheader", scope: "col", class: classOf(column) }, column.title)),
    );
    this.all.addEventListener("change", () => this.#choose(this.#matching, this.all.checked));
    this.body.addEventListener("change", (event) => {
      if (event.target.matches(".choose")) this.#choose([feedbackOf(event, this.#byId)], event.target.checked);
    });
    this.body.addEventListener("click", (event) => {
      if (event.target.matches(".correct")) onCorrect(feedbackOf(event, this.#byId));
      if (event.target.matches(".delete")) onDelete(feedbackOf(event, this.#byId));
    });
    this.newer.addEventListener("click", () => this.#turn(this.#start - ROWS_PER_PAGE));
    this.older.addEventListener("click", () => {
      if (this.#start + ROWS_PER_PAGE < this.#matching.length) this.#turn(this.#start + ROWS_PER_PAGE);
      else onOlder();
    });
  }

  /** Ids of the selected feedbacks that match the search. */
  get chosen() {
    return this.#matching.filter(({ ID }) => this.#chosen.has(ID)).map(({ ID }) => ID);
  }

  /** Whether everything that matches the search is selected. */
  get allChosen() {
    return this.#matching.length > 0 && this.chosen.length === this.#matching.length;
  }

  get size() {
    return this.#feedbacks.length;
  }

  get matches() {
    return this.#matching.length;
  }

  /** Replaces what is known; what was selected stays selected if it is still there. */
  replace(feedbacks, hasOlder) {
    this.#feedbacks = [];
    this.#byId.clear();
    this.#problems.clear();
    this.#start = 0;
    this.append(feedbacks, hasOlder);
  }

  /** Adds older feedbacks. */
  append(feedbacks, hasOlder) {
    this.#hasOlder = hasOlder;
    this.#remember(feedbacks, (fresh) => this.#feedbacks.push(...fresh));
  }

  /** Adds a feedback that was just entered. */
  prepend(feedback) {
    this.#start = 0;
    this.#remember([feedback], (fresh) => this.#feedbacks.unshift(...fresh));
  }

  /** Shows the next page of what is known, if there is one. */
  turnToOlder() {
    if (this.#start + ROWS_PER_PAGE < this.#matching.length) this.#turn(this.#start + ROWS_PER_PAGE);
  }

  /** Selects everything that matches the search. */
  chooseAll() {
    this.#choose(this.#matching, true);
  }

  /** Shows only feedbacks that hold every word of `text`. */
  search(text) {
    this.#words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    this.#start = 0;
    this.#show();
  }

  /** Shows what became of one feedback. */
  update(id, changes) {
    const feedback = this.#byId.get(id);
    if (!feedback) return;
    this.#problems.delete(id);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) delete feedback[name];
      else feedback[name] = value;
    }
    this.#rowOf(id)?.replaceWith(this.#row(feedback));
  }

  /** Says in the row what went wrong with it. */
  mark(id, message) {
    if (!this.#byId.has(id)) return;
    this.#problems.set(id, message);
    this.#rowOf(id)?.replaceWith(this.#row(this.#byId.get(id)));
  }

  /** Takes a feedback out. */
  remove(id) {
    this.#byId.delete(id);
    this.#chosen.delete(id);
    this.#feedbacks = this.#feedbacks.filter(({ ID }) => ID !== id);
    this.#show();
  }

  #remember(feedbacks, place) {
    const fresh = feedbacks.filter(({ ID }) => !this.#byId.has(ID));
    for (const feedback of fresh) this.#byId.set(feedback.ID, feedback);
    place(fresh);
    this.#show();
  }

  #choose(feedbacks, chosen) {
    for (const { ID } of feedbacks) {
      if (chosen) this.#chosen.add(ID);
      else this.#chosen.delete(ID);
      const row = this.#rowOf(ID);
      if (!row) continue;
      row.classList.toggle("chosen", chosen);
      row.querySelector(".choose").checked = chosen;
    }
    this.#showChoice();
  }

  #turn(start) {
    this.#start = Math.max(0, start);
    this.#show();
    this.table.scrollIntoView({ block: "nearest" });
  }

  #show() {
    this.#matching = this.#feedbacks.filter((feedback) => matches(feedback, this.#words));
    if (this.#start >= this.#matching.length) this.#start = 0;
    const shown = this.#matching.slice(this.#start, this.#start + ROWS_PER_PAGE);
    this.body.replaceChildren(...shown.map((feedback) => this.#row(feedback)));
    this.table.hidden = shown.length === 0;
    this.empty.hidden = shown.length > 0;
    this.empty.textContent = this.#words.length > 0
      ? "No feedback holds these words."
      : "No feedback yet. Enter the first one.";
    const end = this.#start + shown.length;
    const more = this.#hasOlder && this.#words.length === 0;
    this.pager.hidden = this.#matching.length <= ROWS_PER_PAGE && !more;
    this.newer.disabled = this.#start === 0;
    this.older.disabled = end >= this.#matching.length && !more;
    this.pageInfo.textContent = `${this.#start + 1}–${end} of ${this.#matching.length}${more ? "+" : ""}`;
    this.#showChoice();
  }

  #showChoice() {
    const count = this.chosen.length;
    this.all.checked = this.allChosen;
    this.all.indeterminate = count > 0 && count < this.#matching.length;
    this.#onChange();
  }

  #rowOf(id) {
    return this.body.querySelector(`[data-feedback-id="${CSS.escape(id)}"]`);
  }

  #row(feedback) {
    const id = feedback.ID;
    const chosen = this.#chosen.has(id);
    const box = element("input", {
      type: "checkbox",
      class: "choose",
      "aria-label": `Select the feedback of ${fullName(feedback)}`,
    });
    box.checked = chosen;
    const row = element(
      "tr",
      {
        role: "row",
        class: chosen ? "chosen" : undefined,
        "data-feedback-id": id,
        "data-gender": feedback.Gender,
      },
      element("td", { role: "cell", class: "choice" }, element("label", { class: "target" }, box)),
      ...COLUMNS.map(({ name, text, content = () => [text(feedback) ?? ""] }) => (
        element("td", { role: "cell", class: classOf({ name, text }) }, ...content(feedback))
      )),
    );
    const problem = this.#problems.get(id);
    if (problem) row.querySelector(".text").append(element("p", { class: "row-problem" }, problem));
    return row;
  }
}

function classOf({ name, text }) {
  return text ? `${name} written` : name;
}

/** Returns a person's name, or words in its place. */
export function fullName({ FirstName = "", LastName = "" }) {
  return `${FirstName} ${LastName}`.trim() || "No name";
}

function tools(feedback) {
  const name = fullName(feedback);
  return [
    element("button", { type: "button", class: "small quiet correct", "aria-label": `Correct the gender of ${name}` }, "Correct"),
    element("button", { type: "button", class: "small quiet delete", "aria-label": `Delete the feedback of ${name}` }, "Delete"),
  ];
}

function feedbackOf(event, byId) {
  return byId.get(event.target.closest("[data-feedback-id]").dataset.feedbackId);
}

function matches(feedback, words) {
  if (words.length === 0) return true;
  const written = COLUMNS.map(({ text }) => text?.(feedback) ?? "").join(" ").toLocaleLowerCase();
  return words.every((word) => written.includes(word));
}

function posted(time) {
  const date = new Date(time);
  if (!time || Number.isNaN(date.getTime())) return null;
  return element("time", { datetime: time }, moment.format(date));
}
