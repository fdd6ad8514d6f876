import { element } from "./elements.js";

const WORDS = { POSITIVE: "Positive", NEGATIVE: "Negative", NEUTRAL: "Neutral", MIXED: "Mixed" };

/** Says a sentiment in a word. */
export function sentimentCell(sentiment) {
  if (!sentiment) return element("span", { class: "not-yet" }, "Not predicted");
  const word = WORDS[sentiment] ?? sentiment;
  return element("span", { class: `sentiment-word ${word.toLowerCase()}` }, word);
}
