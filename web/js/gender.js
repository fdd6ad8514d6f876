import { drawing, element } from "./elements.js";
import { percent } from "./percent.js";

const WORDS = { F: "Female", M: "Male", U: "Unknown", X: "Neither or another" };

/** Says a row's gender in words, how it is known, and how sure it is. */
export function genderCell(feedback) {
  const { Gender: gender, GenderProbability: probability, GenderSource: source } = feedback;
  if (!gender) return [element("span", { class: "not-yet" }, "Not identified")];
  const known = source === "self" ? "said by the person" : "inferred";
  const parts = [
    element("span", { class: "gender-word" }, WORDS[gender] ?? gender),
    " ",
    element("span", { class: "gender-source" }, known),
  ];
  if (source !== "self" && gender !== "U" && typeof probability === "number") {
    parts.push(probabilityBar(probability));
  }
  return parts;
}

function probabilityBar(probability) {
  const bar = drawing(
    "svg",
    { class: "bar", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    drawing("rect", { width: 100 * probability, height: 6 }),
  );
  // A probability of 0.9987 is not certainty.
  const text = probability > 0.99 ? ">\u00a099%" : percent(probability);
  return element("span", { class: "probability" }, bar, text);
}
