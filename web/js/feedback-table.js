import { element } from "./elements.js";
import { genderCell } from "./gender.js";

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** The table of feedbacks and what is selected in it. */
export class FeedbackTable {
  #rows = new Map();
  #chosen = new Set();
  #onChoice;

  /** @param {() => void} onChoice called when the selection changed */
  constructor(onChoice) {
    this.#onChoice = onChoice;
    this.table = document.getElementById("feedback-table");
    this.body = document.getElementById("rows");
    this.all = document.getElementById("select-all");
    this.empty = document.getElementById("empty");
    this.all.addEventListener("change", () => {
      this.#choose([...this.#rows.keys()], this.all.checked);
    });
    this.body.addEventListener("change", (event) => {
      const row = event.target.closest("[data-feedback-id]");
      if (event.target.matches(".choose")) this.#choose([row.dataset.feedbackId], event.target.checked);
    });
  }

  /** Ids of the selected feedbacks, as they stand in the table. */
  get chosen() {
    return [...this.#rows.keys()].filter((id) => this.#chosen.has(id));
  }

  get size() {
    return this.#rows.size;
  }

  /** Forgets all rows; what was selected stays selected if it comes back. */
  clear() {
    this.#rows.clear();
    this.body.replaceChildren();
  }

  /** Adds older feedbacks below, or a new one above. */
  add(feedbacks, { above = false } = {}) {
    const rows = [];
    for (const feedback of feedbacks) {
      if (this.#rows.has(feedback.ID)) continue;
      const row = this.#row(feedback);
      this.#rows.set(feedback.ID, { feedback, row });
      rows.push(row);
    }
    if (above) this.body.prepend(...rows);
    else this.body.append(...rows);
    this.#show();
  }

  /** Shows what became of one feedback. */
  update(id, changes) {
    const known = this.#rows.get(id);
    if (!known) return;
    known.feedback = { ...known.feedback, ...changes };
    const row = this.#row(known.feedback);
    known.row.replaceWith(row);
    known.row = row;
  }

  /** Says in the row what went wrong with it. */
  mark(id, message) {
    const cell = this.#rows.get(id)?.row.querySelector(".gender");
    cell?.append(element("p", { class: "row-problem" }, message));
  }

  #choose(ids, chosen) {
    for (const id of ids) {
      if (chosen) this.#chosen.add(id);
      else this.#chosen.delete(id);
      const { row } = this.#rows.get(id);
      row.classList.toggle("chosen", chosen);
      row.querySelector(".choose").checked = chosen;
    }
    this.#show();
  }

  #show() {
    const count = this.chosen.length;
    this.table.hidden = this.size === 0;
    this.empty.hidden = this.size > 0;
    this.all.checked = count > 0 && count === this.size;
    this.all.indeterminate = count > 0 && count < this.size;
    this.#onChoice();
  }

  #row(feedback) {
    const id = feedback.ID;
    const name = `${feedback.FirstName ?? ""} ${feedback.LastName ?? ""}`.trim() || "No name";
    const chosen = this.#chosen.has(id);
    const box = element("input", { type: "checkbox", class: "choose", "aria-label": `Select the feedback of ${name}` });
    box.checked = chosen;
    return element(
      "tr",
      {
        role: "row",
        class: chosen ? "chosen" : undefined,
        "data-feedback-id": id,
        "data-gender": feedback.Gender,
        "data-gender-source": feedback.GenderSource,
        "data-gender-probability": feedback.GenderProbability,
      },
      element("td", { role: "cell", class: "choice" }, box),
      element("td", { role: "cell", class: "name" }, name, posted(feedback.PostedTime)),
      element("td", { role: "cell", class: "text" }, feedback.Feedback ?? ""),
      element("td", { role: "cell", class: "gender" }, ...genderCell(feedback)),
    );
  }
}

function posted(time) {
  const date = new Date(time);
  if (!time || Number.isNaN(date.getTime())) return null;
  return element("time", { datetime: time }, moment.format(date));
}
