import { fullName } from "./feedback-table.js";

/** Asks what a person said about themselves; null if nothing was said. */
export async function askOwnWord(feedback) {
  const dialog = document.getElementById("own-word");
  document.getElementById("own-word-title").textContent = `What did ${fullName(feedback)} say?`;
  const form = dialog.querySelector("form");
  form.reset();
  const known = feedback.GenderSource === "self" ? feedback.Gender : null;
  for (const radio of form.elements.gender) radio.checked = radio.value === known;
  const answer = await answerOf(dialog);
  return answer === "save" ? form.elements.gender.value : null;
}

/** Asks whether a feedback shall be deleted. */
export async function askDeletion(feedback) {
  document.getElementById("forget-title").textContent = `Delete the feedback of ${fullName(feedback)}?`;
  return (await answerOf(document.getElementById("forget"))) === "delete";
}

function answerOf(dialog) {
  dialog.returnValue = "";
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
    dialog.showModal();
  });
}
