// The parts that do not change: figures, warnings, the data as understood, the model, how to cite.
const table = report.data;

$("title").textContent = report.title;
$("question").textContent = report.question;
$("made").textContent = `Made on ${report.date} by avici_jl ${report.version}. This page is complete in itself: it asks no network for anything.`;

const expected = report.expected.toFixed(report.expected < 10 ? 1 : 0);
const atThreshold = countAbove(report.threshold);
$("summary").textContent = `The model ${report.card[0][1]} finds ${plural(atThreshold, "edge")} of probability ${number(report.threshold)} or more, ` +
  `and expects ${expected} in all` + (table.interventional ? `, from ${plural(table.rows, "row")}, ${table.interventional.toLocaleString("en")} of them with an intervention.`
    : `, from ${plural(table.rows, "row")} without interventions.`) + (report.choice ? ` ${report.choice}` : "");

$("figures").append(...[
  ["variables", names.length.toLocaleString("en")],
  ["rows", table.rows.toLocaleString("en")],
  ["with an intervention", table.interventional.toLocaleString("en")],
  ["missing values", table.missing ? `${(100 * table.missing).toPrecision(2)} %` : "none"],
  ["batches", table.batches.length ? table.batches.length : "not given"],
  ["edges at the threshold", atThreshold.toLocaleString("en")],
].map(([heading, value]) => element("div", {}, element("dt", {}, heading), element("dd", {}, String(value)))));

$("warnings-part").hidden = !report.warnings.length;
$("warnings").append(...report.warnings.map((sentence) => element("li", {}, sentence)));

// Horizontal bars for numbers of rows or shares, the largest first.
function bars(heading, entries, text, none) {
  const shown = entries.filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]);
  const most = shown.length ? shown[0][1] : 1;
  const rest = shown.length - 10;
  return element("div", {}, element("h3", {}, heading), shown.length
    ? element("ul", { class: "bars" }, ...shown.slice(0, 10).map(([name, value]) => element("li", {},
      element("span", { class: "name", title: name }, name), element("span", { class: "bar", style: `--part: ${value / most}` }),
      element("span", { class: "figure" }, text(value)))), ...(rest > 0 ? [element("li", { class: "rest" }, `and ${rest} more`)] : []))
    : element("p", { class: "none" }, none));
}

const rowsText = (value) => value.toLocaleString("en");
$("data-part").append(
  bars("Rows in which each variable was set", names.map((name, k) => [name, table.set[k]]), rowsText, "No row has an intervention."),
  bars("Missing values", names.map((name, k) => [name, table.gaps[k]]), (value) => `${(100 * value).toFixed(1)} %`, "The table is complete."),
  bars("Rows of each batch", table.batches.map((rows, k) => [`batch ${k + 1}`, rows]), rowsText, "No batches were given."),
  element("div", {}, element("h3", {}, "Taken as"), element("p", {}, [
    table.counts ? "Raw counts: the model normalises them itself; plots show log(1 + count)." : "Real values, each variable on its own scale.",
    table.same_units ? "All variables have the same units." : "",
    table.known ? `${plural(table.known, "pair")} of variables known beforehand.` : "",
    table.several ? `${plural(table.several, "row")} with several variables set.` : "",
    table.batches.length ? "What batches differ by in location and spread alone was removed before the inference." : "",
  ].join(" "))),
);

// How the table compares with those that the model was trained on.
if (report.shift) {
  const unusual = report.shift.rows.filter((row) => row.unusual);
  $("shift-part").hidden = false;
  $("shift-summary").textContent = `${report.shift.share} of the simulated tables of training are as unusual as this one` +
    (unusual.length ? `, which differs in: ${unusual.map((row) => row.label).join(", ")}.` : ".");
  $("shift").append(
    element("thead", {}, element("tr", {}, ...["Characteristic", "Here", "98 % of training", "As far out"]
      .map((heading) => element("th", { scope: "col" }, heading)))),
    element("tbody", {}, ...report.shift.rows.map((row) => element("tr", { class: row.unusual ? "unusual" : null },
      ...[row.unusual ? `${row.label} (unusual)` : row.label, row.value, row.range, row.share].map((text) => element("td", {}, text))))));
}

$("card").append(...report.card.flatMap(([heading, text]) => [element("dt", {}, heading), element("dd", {}, text)]));
if (report.results.length) {
  const plusMinus = ([value, error]) => `${number(value)} ± ${number(error)}`;
  $("results").append(
    element("caption", {}, "What the model reaches on fresh simulated data (mean ± standard error)"),
    element("thead", {}, element("tr", {}, ...["Domain", "Variables", "Rows", "AUPRC", "AUPRC of |correlation|", "F1", "Calibration error"]
      .map((heading) => element("th", { scope: "col" }, heading)))),
    element("tbody", {}, ...report.results.map((row) => element("tr", {}, ...[row.domain, String(row.d), row.rows, plusMinus(row.auprc),
      plusMinus(row.correlation), plusMinus(row.f1), plusMinus(row.ece)].map((text) => element("td", {}, text))))));
}
$("cite").append(...report.cite.map((text) => element("li", {}, text)));
