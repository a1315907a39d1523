/* What pages do beyond HTML: charts, '/' for search, closing the menu. Every page works without it. */
"use strict";

const tokens = () => {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(name).trim();
};

const palette = (token) => [1, 2, 3, 4, 5, 6].map((n) => token(`--c${n}`));

function drawChart(box) {
  if (!window.echarts) return;
  const data = JSON.parse(box.dataset.chart);
  const token = tokens();
  const text = { color: token("--ink-3"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
  const chart = window.echarts.getInstanceByDom(box) || window.echarts.init(box, null, { renderer: "canvas" });
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  chart.setOption(
    {
      animation: !still && !box.dataset.drawn,
      animationDuration: 300,
      aria: { enabled: true, label: { description: box.getAttribute("aria-label") } },
      color: palette(token),
      textStyle: text,
      grid: { left: 4, right: 8, top: 14, bottom: data.series.length > 1 ? 34 : 4, containLabel: true },
      legend: data.series.length > 1 ? { bottom: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: text } : undefined,
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        confine: true,
        axisPointer: { type: "shadow", shadowStyle: { color: token("--line"), opacity: 0.4 } },
        backgroundColor: token("--paper"),
        borderColor: token("--line"),
        textStyle: { ...text, color: token("--ink") },
      },
      xAxis: { type: "category", data: data.labels, axisLine: { lineStyle: { color: token("--line") } }, axisTick: { show: false }, axisLabel: { ...text, hideOverlap: true } },
      yAxis: { type: "value", minInterval: 1, splitNumber: 3, splitLine: { lineStyle: { color: token("--line") } }, axisLabel: text },
      series: data.series.map((s) => ({ type: "bar", stack: "all", name: s.name, data: s.values, barMaxWidth: 26, barCategoryGap: "28%", cursor: "default" })),
    },
    true,
  );
  box.dataset.drawn = "yes";
  if (!box.dataset.watched) {
    box.dataset.watched = "yes";
    new ResizeObserver(() => chart.resize()).observe(box);
    for (const question of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)"]) {
      window.matchMedia(question).addEventListener("change", () => drawChart(box));
    }
  }
}

function drawCharts(root) {
  root.querySelectorAll("[data-chart]").forEach(drawChart);
}

document.addEventListener("DOMContentLoaded", () => drawCharts(document));
document.addEventListener("htmx:after:swap", () => drawCharts(document));

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const field = document.querySelector("[data-search]");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
  if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const button = document.querySelector(`[data-keys] [data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (button) {
      event.preventDefault();
      button.click();
    }
  }
  if (event.key === "Escape") {
    document.querySelectorAll("details.menu-box[open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }
});

document.addEventListener("click", (event) => {
  document.querySelectorAll("details.menu-box[open]").forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
});

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button) return;
  setTimeout(() => (button.disabled = true)); /* after its name and value went into the form: no double tap */
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); /* nothing personal from the back-forward cache after signing out */
});
