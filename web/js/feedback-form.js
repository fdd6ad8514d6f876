const DRAFT = "draft";

/** The form that takes a feedback. What was typed stays until it is stored, in this tab only. */
export class FeedbackForm {
  #key = newKey();

  /** @param {(feedback: object, key: string) => Promise<void>} onEntered rejects when it was not stored */
  constructor(onEntered) {
    this.form = document.getElementById("feedback-form");
    this.button = document.getElementById("enter-feedback");
    this.status = document.getElementById("form-status");
    // The key belongs to what is typed: a second try of the same text stores it once.
    this.form.addEventListener("input", () => {
      this.#key = newKey();
      sessionStorage.setItem(DRAFT, JSON.stringify(this.#typed()));
    });
    this.#restore();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(onEntered);
    });
  }

  async #submit(onEntered) {
    if (this.button.disabled || !this.#valid()) return;
    const feedback = this.#typed();
    this.button.disabled = true;
    this.status.textContent = "Storing …";
    try {
      await onEntered(feedback, this.#key);
      this.status.textContent = "Thank you. The feedback is stored.";
      if (JSON.stringify(this.#typed()) === JSON.stringify(feedback)) this.#clear();
      else this.status.textContent += " What you typed since is still here.";
    } catch (problem) {
      this.status.textContent = `Not stored: ${problem.message} What you typed is still here.`;
    } finally {
      this.button.disabled = false;
    }
  }

  #clear() {
    this.form.reset();
    sessionStorage.removeItem(DRAFT);
    this.#key = newKey();
  }

  /** Returns what was filled in. */
  #typed() {
    return Object.fromEntries([...new FormData(this.form)].filter(([, text]) => text !== ""));
  }

  #restore() {
    const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? "{}");
    for (const field of this.form.elements) if (field.name in draft) field.value = draft[field.name];
  }

  #valid() {
    let first = null;
    for (const field of this.form.querySelectorAll("[required]")) {
      const missing = field.value.trim() === "";
      const problem = document.getElementById(`${field.id}-problem`);
      field.setAttribute("aria-invalid", String(missing));
      problem.hidden = !missing;
      problem.textContent = missing ? "Please fill this in." : "";
      if (missing) first ??= field;
    }
    first?.focus();
    return first === null;
  }
}

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
