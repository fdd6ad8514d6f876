import { drawing, element } from "./elements.js";
import { percent } from "./percent.js";

const GROUPS = [["F", "Women"], ["M", "Men"], ["X", "Neither or another"]];
const ROW_HEIGHT = 56;
const AXIS_HEIGHT = 24;
/** Left and right of the axis, in percent of the chart's width. */
const MARGIN = 2;

/** Shows what the feedbacks say about women and men: a sentence, intervals, and what is unknown. */
export function showInsights(insights) {
  const known = GROUPS.filter(([group]) => insights.positive[group].share !== null);
  const { verdict, reasons } = sentence(insights);
  const words = element(
    "div",
    { class: "words" },
    element("p", { class: "sentence", id: "insights-sentence" }, element("strong", {}, verdict), ` ${reasons}`),
    element("p", { class: "quiet-text" }, unknowns(insights)),
  );
  const parts = known.length > 0 ? [words, figure(insights, known)] : [words];
  document.getElementById("insights").replaceChildren(...parts);
}

/** Says that there are no insights at present. */
export function showNoInsights() {
  document
    .getElementById("insights")
    .replaceChildren(element("p", { class: "quiet-text" }, "The insights cannot be loaded at present."));
}

function sentence({ positive, minimum_group_size: minimum, confidence }) {
  const { F: women, M: men, difference } = positive;
  if (difference.share === null) {
    return {
      verdict: "Too early to say.",
      reasons: "Identify the gender and predict the sentiment of more feedbacks: an answer needs " +
        `the feedback of ${minimum} women and ${minimum} men, and more where names leave doubt.`,
    };
  }
  const shares = `${percent(women.share)} of women’s feedback is positive, ${percent(men.share)} of men’s.`;
  const range = `${points(difference.low)} to ${points(difference.high)} points`;
  const sure = `${percent(confidence)} sure`;
  if (difference.low > 0) {
    return {
      verdict: "Women’s feedback is more positive.",
      reasons: `${shares} The difference is ${range} (${sure}).`,
    };
  }
  if (difference.high < 0) {
    const turned = `${points(-difference.high)} to ${points(-difference.low)} points`;
    return {
      verdict: "Men’s feedback is more positive.",
      reasons: `${shares} The difference is ${turned} (${sure}).`,
    };
  }
  return {
    verdict: "No clear difference.",
    reasons: `${shares} Women’s share minus men’s may be ${range} (${sure}).`,
  };
}

function unknowns({ unknown, genders, feedbacks, rated }) {
  const parts = [
    "An estimate from genders that first names suggest.",
    `${rated} of ${feedbacks} feedbacks have a sentiment.`,
  ];
  const { not_identified: waiting, self_described: said } = genders;
  if (unknown.count > 0) {
    parts.push(`The gender of ${percent(unknown.share)} (${unknown.count}) is unknown.`);
  }
  if (waiting > 0) parts.push(`${waiting} ${waiting === 1 ? "is" : "are"} not identified yet.`);
  if (said > 0) parts.push(`${said} ${said === 1 ? "person" : "people"} said it themselves.`);
  return parts.join(" ");
}

function figure({ positive, confidence }, known) {
  return element(
    "figure",
    {},
    chart(positive, known),
    element("figcaption", {}, `Share of positive feedback, with ${percent(confidence)} intervals`),
  );
}

function chart(positive, known) {
  const height = known.length * ROW_HEIGHT + AXIS_HEIGHT;
  const summary = known
    .map(([group, name]) => `${name}: ${spoken(positive[group])}`)
    .join("; ");
  const picture = drawing("svg", {
    class: "chart",
    id: "insights-chart",
    height,
    role: "img",
    "aria-label": `Share of positive feedback. ${summary}`,
  });
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    picture.append(
      drawing("line", { class: "grid", x1: x(tick), x2: x(tick), y1: 2, y2: height - AXIS_HEIGHT }),
      drawing("text", { class: "scale", x: x(tick), y: height - 6, "text-anchor": anchor(tick) }, percent(tick)),
    );
  }
  known.forEach(([group, name], row) => {
    const { share, low, high } = positive[group];
    const y = row * ROW_HEIGHT + 38;
    picture.append(
      drawing(
        "text",
        { x: x(0), y: y - 16, dx: 4 },
        `${name} `,
        drawing("tspan", { class: "share" }, percent(share)),
        drawing("tspan", { class: "scale", dx: 8 }, `${percent(low)} to ${percent(high)}`),
      ),
      drawing("line", { class: "interval", "data-group": group, x1: x(low), x2: x(high), y1: y, y2: y }),
      drawing("circle", { class: "point", cx: x(share), cy: y, r: 7 }),
    );
  });
  return picture;
}

function spoken({ share, low, high }) {
  return `${percent(share)}, between ${percent(low)} and ${percent(high)}`;
}

/** Returns where a share lies, as a part of the chart's width: text keeps its size at any width. */
function x(share) {
  return `${(MARGIN + (100 - 2 * MARGIN) * share).toFixed(2)}%`;
}

function anchor(tick) {
  if (tick === 0) return "start";
  return tick === 1 ? "end" : "middle";
}

function points(share) {
  return `${share < 0 ? "−" : ""}${Math.round(Math.abs(share) * 100)}`;
}
